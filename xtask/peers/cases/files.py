"""Batches from a folder of JPEG files: decoded, resized, mirrored by chance, between 0 and 1.

What every peer is compared by are the first files, in the caller's order, not mirrored.
"""

import cv2
import numpy as np

from . import Work
from .loaders import sample_by_sample


def keras(params, threads):
    from keras_preprocessing.image import ImageDataGenerator, img_to_array, load_img

    size = (params["side"], params["side"])
    images = [load_img(p, target_size=size, interpolation="bilinear") for p in params["compared"]]
    result = np.stack([img_to_array(image) / 255 for image in images])
    generator = ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
    flow = generator.flow_from_directory(
        params["folder"], size, interpolation="bilinear", batch_size=params["batch"]
    )
    batches = min(params["peer_batches"], len(flow))
    items = min(batches * params["batch"], flow.n)  # the last batch of an epoch is short

    def run():
        flow.reset()
        for _ in range(batches):
            last = next(flow)
        return last

    return Work(run, result, "single-threaded by nature", items=items)


def torchvision(params, threads):
    import torch
    from torchvision.datasets import ImageFolder
    from torchvision.datasets.folder import default_loader
    from torchvision.transforms import InterpolationMode, v2

    side = params["side"]
    resize = v2.Resize((side, side), interpolation=InterpolationMode.BILINEAR)
    finish = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    folder = ImageFolder(
        params["folder"], v2.Compose([resize, v2.RandomHorizontalFlip(), finish])
    )
    images = [finish(resize(default_loader(path))) for path in params["compared"]]
    result = torch.stack(images).permute(0, 2, 3, 1).numpy()
    labels = np.array(folder.targets)
    return sample_by_sample(lambda index: folder[index][0], labels, params, threads, result)


def albumentations(params, threads):
    import albumentations as A
    from torchvision.datasets import ImageFolder

    cv2.setNumThreads(0)
    side = params["side"]
    resize = A.Resize(side, side, interpolation=cv2.INTER_AREA)
    scale = A.Normalize((0.0,) * 3, (1.0,) * 3)
    recipe = A.Compose([resize, A.HorizontalFlip(p=0.5), scale])
    plain = A.Compose([resize, scale])
    folder = ImageFolder(params["folder"])

    def read(path):
        return cv2.cvtColor(cv2.imread(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)

    result = np.stack([plain(image=read(path))["image"] for path in params["compared"]])
    labels = np.array(folder.targets)
    sample = lambda index: recipe(image=read(folder.samples[index][0]))["image"]
    return sample_by_sample(sample, labels, params, threads, result, "OpenCV's area averaging")


PEERS = {
    ("files", "keras-preprocessing"): keras,
    ("files", "torchvision"): torchvision,
    ("files", "albumentations"): albumentations,
}
