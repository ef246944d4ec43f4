//! Whitenings in files: JSON and safetensors.

use mizumashi::stats::Layout;
use mizumashi::whitening::{ImageWhitening, PatchWhitening, Whitening};
use ndarray::{Array2, Array4};

use crate::stored;

/// The first byte selects format and type; the rest is the file.
pub fn run(data: &[u8]) {
    let Some((&selector, file)) = data.split_first() else { return };
    let json = std::str::from_utf8(file).unwrap_or_default();
    match selector % 6 {
        0 => stored::read(json).iter().for_each(rows),
        1 => stored::read(json).iter().for_each(images),
        2 => stored::read(json).iter().for_each(patches),
        3 => Whitening::from_safetensors(file).iter().for_each(|whitening| {
            let bytes = whitening.to_safetensors().unwrap();
            assert_eq!(&Whitening::from_safetensors(&bytes).unwrap(), whitening);
            rows(whitening);
        }),
        4 => ImageWhitening::from_safetensors(file).iter().for_each(images),
        _ => PatchWhitening::from_safetensors(file).iter().for_each(patches),
    }
}

fn rows(whitening: &Whitening) {
    let features = whitening.features();
    let data = Array2::from_shape_fn((3, features), |(row, column)| (row * 7 + column) as f32);
    if let Ok(white) = whitening.apply(data.view()) {
        assert_eq!(white.dim(), (3, whitening.outputs()));
        let _ = whitening.inverse(white.view());
    }
    assert_eq!(whitening.gains().len(), whitening.rank());
    let _ = whitening.matrix(1 << 16);
    let _ = whitening.bias();
    let _ = whitening.rest_gain();
    let _ = whitening.diagnosis();
}

fn images(whitening: &ImageWhitening) {
    rows(whitening.whitening());
    let [height, width, channels] = whitening.shape();
    if height.saturating_mul(width).saturating_mul(channels) <= 1 << 12 {
        let images = Array4::<u8>::ones((2, height, width, channels));
        let _ = whitening.apply(images.view(), Layout::Nhwc);
        let _ = whitening.apply_inplace(images.mapv(f32::from).view_mut(), Layout::Nhwc);
    }
}

fn patches(whitening: &PatchWhitening) {
    rows(whitening.whitening());
    if whitening.whitening().features() <= 64 {
        let images = Array4::<u8>::ones((1, 9, 9, whitening.channels()));
        for convolution in [whitening.convolution(), whitening.centre_convolution()] {
            let _ = convolution.map(|made| made.apply(images.view(), Layout::Nhwc));
        }
    }
}
