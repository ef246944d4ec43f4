//! Image files.

use std::cell::RefCell;
use std::io::{Seek, Write};

use mizumashi::data::files::{ColorMode, ImageLoader, Limits, Resampling};
use tempfile::NamedTempFile;

thread_local! {
    static FILE: RefCell<NamedTempFile> = RefCell::new(NamedTempFile::new().unwrap());
}

/// The first byte selects the options; the rest is the file.
pub fn run(data: &[u8]) {
    let Some((&options, contents)) = data.split_first() else { return };
    let color_mode = match options % 3 {
        0 => ColorMode::Grayscale,
        1 => ColorMode::Rgb,
        _ => ColorMode::Rgba,
    };
    let limits = Limits { width: 512, height: 512, pixels: 1 << 14, file_bytes: 1 << 16 };
    let mut loader = ImageLoader::new()
        .color_mode(color_mode)
        .limits(limits)
        .apply_orientation(options & 64 != 0);
    let resized = options & 128 != 0;
    if resized {
        loader = loader.target_size(5, 7).resampling(Resampling::Bilinear);
    }
    FILE.with_borrow_mut(|file| {
        file.rewind().unwrap();
        file.write_all(contents).unwrap();
        file.as_file().set_len(contents.len() as u64).unwrap();
        let Ok(image) = loader.load(file.path()) else { return };
        let (height, width, channels) = image.dim();
        assert_eq!(channels, usize::from(options % 3 + 1 + u8::from(options % 3 > 0)));
        if resized {
            assert_eq!((height, width), (5, 7));
        } else {
            assert!(height * width <= 1 << 14, "{height}x{width} pixels passed the limit");
        }
    });
}
