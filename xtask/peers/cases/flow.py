"""The tutorial's recipe: rotation, shifts, mirror, standardisation by the set's figures.

Every peer draws its own random numbers while it is timed. What it is compared by are images made
by the same functions with the parameters that the request gives: `angle` degrees clockwise about
the centre, then `right` and `down` pixels, then mirrored where `flip` says so.

Peers whose warp knows no edge replication use a black border, which is less work for them; the
caller then compares only what lies inside the picture.
"""

import cv2
import numpy as np

from . import Work, mapped
from .loaders import batch_by_batch, inputs, next_by_next, sample_by_sample

BLACK = "border black, not edge"


# Keras


def keras_generator(params):
    from keras_preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(
        featurewise_center=True,
        featurewise_std_normalization=True,
        rotation_range=params["rotation"],
        width_shift_range=params["shift"],
        height_shift_range=params["shift"],
        horizontal_flip=True,
    )


def keras(params, threads):
    images, labels, mean, std = inputs(params)
    generator = keras_generator(params)
    generator.mean, generator.std = mean.reshape(1, 1, 3), std.reshape(1, 1, 3)

    def fixed(image, parameters):
        moved = generator.apply_transform(
            image.astype(np.float32), keras_parameters(image.shape, **parameters)
        )
        return generator.standardize(moved)

    result = np.stack([fixed(images[i], p) for i, p in enumerate(params["samples"])])
    flow = generator.flow(images, labels, batch_size=params["batch"])
    return next_by_next(flow, params, result, "single-threaded by nature")


def keras_parameters(shape, angle, right, down, flip):
    """Keras turns about a point one pixel off the centre; the shift makes up for it here."""
    theta = np.deg2rad(angle)
    turn = np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])
    centre = (np.array(shape[:2]) - 1) / 2
    pivot = np.array(shape[:2]) / 2 + 0.5
    shift = np.array([-down, -right]) - centre + pivot + turn.T @ (centre - pivot)
    return {"theta": angle, "tx": shift[0], "ty": shift[1], "flip_horizontal": flip}


def keras_memory(params, threads):
    """Fits to the set and serves part of an epoch, for the memory it takes."""
    # Read, not mapped: the set is resident before the count begins.
    images, labels = (np.array(mapped(params[name])) for name in ("images", "labels"))

    def run():
        generator = keras_generator(params)
        generator.fit(images)
        flow = generator.flow(images, labels, batch_size=params["batch"])
        for _ in range(params["peer_batches"]):
            next(flow)

    return Work(run, np.zeros(0), "fit and flow")


# Sample by sample


def torchvision(params, threads):
    import torch
    from torchvision.transforms import InterpolationMode, v2
    from torchvision.transforms.v2 import functional as F

    images, labels, mean, std = inputs(params)
    tensors = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    bilinear, shift = InterpolationMode.BILINEAR, params["shift"]
    finish = v2.Compose([v2.ToDtype(torch.float32), v2.Normalize(mean.tolist(), std.tolist())])
    recipe = v2.Compose(
        [
            v2.RandomAffine(params["rotation"], translate=(shift, shift), interpolation=bilinear),
            v2.RandomHorizontalFlip(),
            finish,
        ]
    )

    def fixed(image, angle, right, down, flip):
        moved = F.affine(image, angle, [right, down], 1.0, [0.0, 0.0], interpolation=bilinear)
        return finish(F.horizontal_flip(moved) if flip else moved)

    result = torch.stack([fixed(tensors[i], **p) for i, p in enumerate(params["samples"])])
    return sample_by_sample(
        lambda index: recipe(tensors[index]),
        labels,
        params,
        threads,
        result.permute(0, 2, 3, 1).numpy(),
        BLACK,
    )


def albumentations(params, threads):
    import albumentations as A

    images, labels, mean, std = inputs(params)
    cv2.setNumThreads(0)
    shift = (-params["shift"], params["shift"])
    recipe = A.Compose(albumentations_steps(A, params["rotation"], mean, std, percent=shift))

    def fixed(image, angle, right, down, flip):
        steps = albumentations_steps(
            A, (-angle, -angle), mean, std, pixels={"x": right, "y": down}, flip=float(flip)
        )
        return A.Compose(steps)(image=image)["image"]

    result = np.stack([fixed(images[i], **p) for i, p in enumerate(params["samples"])])
    return sample_by_sample(
        lambda index: recipe(image=images[index])["image"], labels, params, threads, result
    )


def albumentations_steps(A, rotate, mean, std, percent=None, pixels=None, flip=0.5):
    """The recipe in the terms that Albumentations and augrs share."""
    rotate = rotate if isinstance(rotate, tuple) else (-rotate, rotate)
    moves = {"translate_px": pixels} if pixels else {"translate_percent": percent}
    return [
        A.Affine(rotate=rotate, interpolation=1, border_mode=cv2.BORDER_REPLICATE, p=1.0, **moves),
        A.HorizontalFlip(p=flip),
        A.Normalize(mean.tolist(), std.tolist(), max_pixel_value=1.0),
    ]


def kornia(params, threads):
    """kornia-rs has no random affine map, so its parts are put together here."""
    from kornia_rs import imgproc

    images, labels, mean, std = inputs(params)
    height, width = images.shape[1:3]
    mean, std = mean.tolist(), std.tolist()
    random = np.random.default_rng(0)

    def move(image, angle, right, down, flip):
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -angle, 1.0)
        matrix[:, 2] += right, down
        moved = imgproc.warp_affine(image, matrix.ravel().tolist(), (height, width), "bilinear")
        if flip:
            moved = imgproc.horizontal_flip(moved)
        # Its documentation speaks of a division by 255, which 0.2.0 does not make.
        return imgproc.normalize_mean_std(moved, mean, std)

    def sample(index):
        angle = random.uniform(-params["rotation"], params["rotation"])
        right, down = random.uniform(-params["shift"], params["shift"], 2) * (width, height)
        return move(images[index], angle, right, down, random.random() < 0.5)

    result = np.stack([move(images[i], **p) for i, p in enumerate(params["samples"])])
    return sample_by_sample(sample, labels, params, threads, result, BLACK, forks=False)


# Batch by batch


def augrs(params, threads):
    import augrs as A

    images, labels, mean, std = inputs(params)
    shift = (-params["shift"], params["shift"])
    recipe = A.Compose(albumentations_steps(A, params["rotation"], mean, std, percent=shift))

    def fixed(image, angle, right, down, flip):
        steps = albumentations_steps(
            A, (-angle, -angle), mean, std, pixels={"x": right, "y": down}, flip=float(flip)
        )
        return A.Compose(steps)(image=image)["image"]

    def make(indices):
        samples = recipe.augment_batch([images[i] for i in indices], num_threads=threads)
        return np.stack([sample["image"] for sample in samples])

    result = np.stack([fixed(images[i], **p) for i, p in enumerate(params["samples"])])
    return batch_by_batch(make, labels, params, result, "augment_batch")


PEERS = {
    ("flow", "keras-preprocessing"): keras,
    ("flow", "torchvision"): torchvision,
    ("flow", "albumentations"): albumentations,
    ("flow", "augrs"): augrs,
    ("flow", "kornia-rs"): kornia,
    ("flow-memory", "keras-preprocessing"): keras_memory,
}
