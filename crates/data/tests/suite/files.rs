//! Image files that are damaged, too large, linked, or not there; lists of files.

use std::fs;
use std::path::{Path, PathBuf};

use mizumashi_data::Error;
use mizumashi_data::files::{
    ColorMode, ImageFiles, ImageFolder, ImageLoader, Limits, SaveFormat, Subset, Table, save_image,
};
use ndarray::Array3;
use proptest::prelude::*;
use tempfile::TempDir;

fn golden(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/files").join(file)
}

/// Little pictures of one grey level each, their index; those in `damaged` are cut in half.
pub(super) fn pictures(count: usize, damaged: &[usize]) -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..count).map(|n| folder.path().join(format!("{n:03}.png"))).collect();
    for (index, path) in paths.iter().enumerate() {
        // Saving stretches the values, so that one corner is white and the others are not.
        let mut image = Array3::from_elem((8, 8, 1), index as f32);
        (image[[0, 0, 0]], image[[7, 7, 0]]) = (0.0, 255.0);
        save_image(path, image.view(), SaveFormat::Png).unwrap();
        if damaged.contains(&index) {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }
    }
    (folder, paths)
}

pub(super) fn grey() -> ImageLoader {
    ImageLoader::new().color_mode(ColorMode::Grayscale).target_size(8, 8)
}

pub(super) fn level(files: &ImageFiles, index: usize) -> Result<u8, Error> {
    files.with_image(index, |image| image[[3, 3, 0]])
}

#[test]
fn files_are_served_at_their_index() {
    let (_folder, paths) = pictures(20, &[]);
    let files = ImageFiles::new(paths, grey()).unwrap();
    let images = files.load().unwrap();
    assert_eq!(images.dim(), (20, 8, 8, 1));
    for index in 0..20 {
        assert_eq!(images[[index, 3, 3, 0]], index as u8);
        assert_eq!(level(&files, index).unwrap(), index as u8);
    }
    assert!(matches!(level(&files, 20), Err(Error::Index { index: 20, images: 20 })));
}

#[test]
fn a_damaged_file_is_an_error_that_names_it() {
    let (_folder, paths) = pictures(3, &[1]);
    let files = ImageFiles::new(paths.clone(), grey()).unwrap();
    let Err(Error::Damaged { path, .. }) = level(&files, 1) else { panic!("no error") };
    assert_eq!(path, paths[1]);
    assert!(matches!(files.load(), Err(Error::Damaged { .. })));
    assert_eq!(level(&files, 2).unwrap(), 2);
}

#[test]
fn limits_hold_before_memory_is_given() {
    let path = golden("rgb.png"); // 13 columns, 9 rows
    let load = |limits| ImageLoader::new().limits(limits).load(&path);
    let default = Limits::default();
    let bytes = fs::metadata(&path).unwrap().len();
    for (limits, what, value) in [
        (Limits { width: 12, ..default }, "columns", 13),
        (Limits { height: 8, ..default }, "rows", 9),
        (Limits { pixels: 116, ..default }, "pixels", 117),
        (Limits { file_bytes: bytes - 1, ..default }, "bytes", bytes),
    ] {
        let error = load(limits).unwrap_err();
        assert!(error.to_string().contains("rgb.png"), "{error}");
        let Error::Limit { what: found, value: count, limit, .. } = error else {
            panic!("{error}")
        };
        assert_eq!((found, count, limit), (what, value, value - 1));
    }
    assert!(load(Limits { width: 13, height: 9, pixels: 117, file_bytes: bytes }).is_ok());

    // A header that claims 60,000 x 60,000 pixels, in a file of some bytes.
    let folder = tempfile::tempdir().unwrap();
    let bomb = folder.path().join("bomb.jpg");
    let mut bytes = fs::read(golden("444.jpg")).unwrap();
    let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    bytes[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    fs::write(&bomb, bytes).unwrap();
    let error = ImageLoader::new().load(&bomb).unwrap_err();
    assert!(matches!(error, Error::Limit { what: "columns", value: 60_000, .. }), "{error}");
}

#[test]
fn what_cannot_be_loaded_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.png");
    assert!(matches!(grey().load(&path), Err(Error::Io { .. })));
    fs::write(&path, "text").unwrap();
    assert!(matches!(grey().load(&path), Err(Error::Damaged { .. })));
    let float = image::DynamicImage::ImageRgb32F(image::Rgb32FImage::new(2, 2));
    float.save_with_format(&path, image::ImageFormat::Tiff).unwrap();
    assert!(matches!(grey().load(&path), Err(Error::PixelType { .. })));
    let deep = image::ImageBuffer::from_pixel(2, 2, image::Luma([0x0102_u16]));
    deep.save_with_format(&path, image::ImageFormat::Png).unwrap();
    assert!(grey().load(&path).unwrap().iter().all(|&value| value == 1));
    assert!(matches!(grey().refuse_16_bit(true).load(&path), Err(Error::Depth { .. })));
    assert_eq!(grey().refuse_16_bit(true).load(golden("rgb.png")).unwrap().dim().2, 1);
    let sized = ImageLoader::new().target_size(0, 4);
    assert!(matches!(
        sized.load(golden("rgb.png")),
        Err(Error::TargetSize { height: 0, width: 4 })
    ));
    let files = ImageFiles::new(vec![path], ImageLoader::new());
    assert!(matches!(files, Err(Error::TargetSize { .. })));
    assert!(matches!(ImageFiles::new(vec![], grey()), Err(Error::NoImages { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Decoders meet bytes that no encoder wrote.
    #[test]
    fn no_damage_makes_a_loader_panic(
        file in prop::sample::select(vec![
            "420.jpg", "progressive.jpg", "cmyk.jpg", "rgba.png", "palette.gif", "rgb.bmp",
            "rgb.ppm", "deflate.tiff", "lossless.webp",
        ]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        length in any::<prop::sample::Index>(),
        cut: bool,
    ) {
        let mut bytes = fs::read(golden(file)).unwrap();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if cut {
            bytes.truncate(length.index(bytes.len()));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        fs::write(&path, bytes).unwrap();
        if let Ok(image) = grey().load(&path) {
            prop_assert_eq!(image.dim(), (8, 8, 1));
        }
    }

    #[test]
    fn a_split_cuts_a_list_of_any_length_in_two(
        len in prop_oneof![0..20_usize, any::<usize>()],
        split in f64::MIN_POSITIVE..1.0,
    ) {
        let range = |subset: Subset| subset.range(len, split).unwrap();
        let (validation, training) = (range(Subset::Validation), range(Subset::Training));
        prop_assert_eq!((validation.start, training.start), (0, validation.end));
        prop_assert!(training.start <= training.end && training.end == len);
        let (cut, exact) = (validation.end as f64, split * len as f64);
        prop_assert!(cut <= exact && exact - cut < 1.0, "{cut} of {exact}");
    }
}

#[test]
fn every_jpeg_that_is_cut_short_is_damaged() {
    let bytes = fs::read(golden("420.jpg")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.jpg");
    for kept in [bytes.len() / 4, bytes.len() / 2, bytes.len() * 3 / 4, bytes.len() * 9 / 10] {
        fs::write(&path, &bytes[..kept]).unwrap();
        assert!(matches!(grey().load(&path), Err(Error::Damaged { .. })), "{kept} bytes");
    }
}

#[test]
fn a_jpeg_must_have_its_end_but_may_have_strays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.jpg");
    let load = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        ImageLoader::new().load(&path)
    };
    for file in ["420.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg"] {
        let bytes = fs::read(golden(file)).unwrap();
        let whole = load(&bytes).unwrap();
        let end = bytes.len() - 2;
        assert_eq!(bytes[end..], [0xff, 0xd9]);
        for kept in [end, end + 1, end - 1, end - 8] {
            let outcome = load(&bytes[..kept]);
            assert!(matches!(outcome, Err(Error::Damaged { .. })), "{file}, {kept} bytes");
        }
        // After the end, cameras append what they like.
        assert_eq!(load(&[&bytes[..], &[7; 500]].concat()).unwrap(), whole);
        // Between headers, here after the first: PIL skips it.
        let first = 4 + usize::from(u16::from_be_bytes([bytes[4], bytes[5]])) - 2 + 2;
        assert_eq!(bytes[first], 0xff, "{file}");
        let stray = [&bytes[..first], &[0x11; 40], &bytes[first..]].concat();
        assert_eq!(load(&stray).unwrap(), whole, "{file}");
    }
    // A preview in the header has an end of its own, which does not count.
    let bytes = fs::read(golden("420.jpg")).unwrap();
    let preview = [0xff, 0xe5, 0, 6, 0xff, 0xd8, 0xff, 0xd9];
    let bytes = [&bytes[..2], &preview, &bytes[2..]].concat();
    assert!(load(&bytes).is_ok());
    assert!(matches!(load(&bytes[..bytes.len() - 2]), Err(Error::Damaged { .. })));
}

#[test]
fn an_exif_chunk_that_claims_more_than_the_file_has_is_refused() {
    let simple = fs::read(golden("lossless.webp")).unwrap();
    let (width, height) = image::image_dimensions(golden("lossless.webp")).unwrap();
    let picture = &simple[simple.windows(4).position(|four| four == b"VP8L").unwrap()..];
    let file = |claimed: u32| {
        let mut chunks = b"WEBPVP8X\x0a\0\0\0\x08\0\0\0".to_vec();
        chunks.extend_from_slice(&(width - 1).to_le_bytes()[..3]);
        chunks.extend_from_slice(&(height - 1).to_le_bytes()[..3]);
        chunks.extend_from_slice(picture);
        chunks.extend_from_slice(b"EXIF");
        chunks.extend_from_slice(&claimed.to_le_bytes());
        // One entry: orientation 3, upside down.
        chunks.extend_from_slice(b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x03\0\0\0");
        let length = u32::try_from(chunks.len()).unwrap().to_le_bytes();
        [b"RIFF", &length[..], &chunks].concat()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.webp");
    let loader = ImageLoader::new();
    let upright = loader.load(golden("lossless.webp")).unwrap();
    fs::write(&path, file(22)).unwrap();
    assert_eq!(loader.load(&path).unwrap(), upright);
    let turned = loader.apply_orientation(true).load(&path).unwrap();
    assert_eq!(turned, upright.slice(ndarray::s![..;-1, ..;-1, ..]));
    fs::write(&path, file(0xffff_fff0)).unwrap();
    assert_eq!(loader.load(&path).unwrap(), upright);
    let error = loader.apply_orientation(true).load(&path).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn links_are_followed_once_and_only_on_request() {
    use std::os::unix::fs::symlink;

    let root = tempfile::tempdir().unwrap();
    let at = |file: &str| root.path().join(file);
    fs::create_dir_all(at("class")).unwrap();
    fs::create_dir_all(at("elsewhere")).unwrap();
    fs::write(at("class/a.png"), "").unwrap();
    fs::write(at("elsewhere/b.png"), "").unwrap();
    symlink(at("elsewhere"), at("class/link")).unwrap();
    symlink(at("elsewhere/b.png"), at("class/c.png")).unwrap();
    symlink(at("nowhere"), at("class/d.png")).unwrap();
    symlink(at("class"), at("class/loop")).unwrap();
    let folder = ImageFolder::new(root.path()).classes(["class"]);
    let list = folder.clone().list().unwrap();
    assert_eq!(list.paths, [at("class/a.png"), at("class/c.png")]);
    assert_eq!(list.skipped, [at("class/d.png")]);
    let list = folder.follow_links(true).list().unwrap();
    assert_eq!(list.paths, [at("class/a.png"), at("class/c.png"), at("class/link/b.png")]);
    assert_eq!(list.skipped, [at("class/d.png")]);
}

#[test]
fn folders_without_classes_and_other_extensions() {
    let root = tempfile::tempdir().unwrap();
    for file in ["b.png", "a.JPG", "deep/c.raw"] {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    let list = ImageFolder::new(root.path()).without_classes().list().unwrap();
    assert_eq!(list.paths, [root.path().join("a.JPG"), root.path().join("b.png")]);
    assert!(list.labels.is_empty() && list.class_names.is_empty());
    let list = ImageFolder::new(root.path()).extensions(["RAW"]).list().unwrap();
    assert_eq!((list.paths.len(), list.class_names), (1, vec!["deep".to_owned()]));

    let error = ImageFolder::new(root.path().join("no")).list().unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error}");
    let error = ImageFolder::new(root.path()).classes(["none"]).list().unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error}");
    let error = ImageFolder::new(root.path()).list().unwrap_err();
    assert!(matches!(error, Error::NoImages { .. }), "{error}");
    for fraction in [0.0, 1.0, -0.5, f64::NAN] {
        let folder = ImageFolder::new(root.path()).extensions(["raw"]);
        let error = folder.subset(Subset::Training, fraction).list().unwrap_err();
        assert!(matches!(error, Error::Split { .. }), "{error}");
    }
}

#[test]
fn bad_tables_are_named() {
    let table = Table::read("file,class,size\na.png,,x\n".as_bytes()).unwrap();
    let error = table.paths("name", "").unwrap_err();
    assert!(error.to_string().contains("file, class, size"), "{error}");
    let error = table.labels("class", None, &["cat".into()]).unwrap_err();
    assert!(matches!(error, Error::Class { row: 2, .. }), "{error}");
    let error = table.numbers(&["size"]).unwrap_err();
    assert!(matches!(error, Error::Number { row: 2, .. }), "{error}");
    assert!(matches!(Table::read("a,b\n1\n".as_bytes()), Err(Error::Csv { .. })));
    let error = Table::new(vec!["a".into()], vec![vec![]]).unwrap_err();
    assert!(matches!(error, Error::Row { row: 1, cells: 0, columns: 1 }), "{error}");
}

#[test]
fn classes_may_have_any_order_but_each_once() {
    let csv = "file,class\na.png,emu\nb.png,cat\nc.png,dog\nd.png,elk\n";
    let names = ["dog", "cat", "emu"].map(str::to_owned);
    let mut table = Table::read(csv.as_bytes()).unwrap();
    assert_eq!(table.retain_classes("class", None, &names).unwrap(), 1);
    assert_eq!(table.labels("class", None, &names).unwrap(), [[2], [1], [0]]);
    let twice = ["dog", "cat", "dog"].map(str::to_owned);
    let outcome = table.labels("class", None, &twice);
    assert!(matches!(outcome, Err(Error::DuplicateClass { first: 0, second: 2, .. })));

    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("dog")).unwrap();
    fs::write(root.path().join("dog/1.PNG"), "").unwrap();
    let error = ImageFolder::new(root.path()).classes(["dog", "dog"]).list().unwrap_err();
    assert!(error.to_string().contains("\"dog\""), "{error}");
    assert!(matches!(error, Error::DuplicateClass { .. }));
    let list = ImageFolder::new(root.path()).extensions([".png"]).list().unwrap();
    assert_eq!(list.labels, [0]);
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.png");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    // Opening it would wait for someone to write.
    for path in [pipe.as_path(), folder.path()] {
        let error = ImageLoader::new().load(path).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
    }
}

#[test]
fn a_palette_that_ends_within_a_colour_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palette.png");
    let header = b"\0\0\0\x01\0\0\0\x01\x08\x03\0\0\0"; // 1x1, a byte a pixel, by palette
    let chunks: [(&[u8; 4], &[u8]); 2] = [(b"IHDR", header), (b"PLTE", &[9; 4])];
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, contents) in chunks {
        file.extend((contents.len() as u32).to_be_bytes());
        file.extend([kind.as_slice(), contents, &[0; 4]].concat());
    }
    fs::write(&path, file).unwrap();
    let Err(Error::Damaged { source, .. }) = grey().load(&path) else { panic!("it was loaded") };
    assert_eq!(source.to_string(), "its palette ends within a colour");
}
