"""Shuffled batches of bytes as floats, standardised by the set's figures and not moved."""

import numpy as np

from .loaders import batch_by_batch, inputs, next_by_next, sample_by_sample


def keras(params, threads):
    from keras_preprocessing.image import ImageDataGenerator

    images, labels, mean, std = inputs(params)
    generator = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True)
    generator.mean, generator.std = mean.reshape(1, 1, 3), std.reshape(1, 1, 3)
    first = images[: params["compared"]].astype(np.float32)
    result = np.stack([generator.standardize(image) for image in first])
    flow = generator.flow(images, labels, batch_size=params["batch"])
    return next_by_next(flow, params, result, "single-threaded by nature")


def numpy(params, threads):
    images, labels, mean, std = inputs(params)
    scale, shift = 1 / std, -mean / std

    def make(indices):
        batch = images[indices].astype(np.float32)
        batch *= scale
        batch += shift
        return batch

    result = make(np.arange(params["compared"]))
    settings = "a batch at a time, in place; single-threaded by nature"
    return batch_by_batch(make, labels, params, result, settings)


def torchvision(params, threads):
    import torch
    from torchvision.transforms import v2

    torch.set_num_threads(threads)
    images, labels, mean, std = inputs(params)
    tensors = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    normalize = v2.Normalize(mean.tolist(), std.tolist(), inplace=True)

    def make(indices):
        return normalize(tensors[indices].float())

    result = make(np.arange(params["compared"])).permute(0, 2, 3, 1).numpy()
    return batch_by_batch(make, labels, params, result, "a batch at a time, in place")


def albumentations(params, threads):
    import albumentations as A
    import cv2

    cv2.setNumThreads(0)
    images, labels, mean, std = inputs(params)
    recipe = A.Compose([A.Normalize(mean.tolist(), std.tolist(), max_pixel_value=1.0)])

    def make(index):
        return recipe(image=images[index])["image"]

    result = np.stack([make(index) for index in range(params["compared"])])
    return sample_by_sample(make, labels, params, threads, result)


def augrs(params, threads):
    import augrs as A

    images, labels, mean, std = inputs(params)
    recipe = A.Compose([A.Normalize(mean.tolist(), std.tolist(), max_pixel_value=1.0)])

    def make(indices):
        samples = recipe.augment_batch([images[i] for i in indices], num_threads=threads)
        return np.stack([sample["image"] for sample in samples])

    result = make(np.arange(params["compared"]))
    return batch_by_batch(make, labels, params, result, "augment_batch")


PEERS = {
    ("standardize", "keras-preprocessing"): keras,
    ("standardize", "NumPy"): numpy,
    ("standardize", "torchvision"): torchvision,
    ("standardize", "albumentations"): albumentations,
    ("standardize", "augrs"): augrs,
}
