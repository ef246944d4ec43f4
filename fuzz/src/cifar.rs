//! Files of CIFAR-10 and CIFAR-100.

use mizumashi::data::cifar::{Format, read, write};

/// The first byte selects the format; the rest is the file.
pub fn run(data: &[u8]) {
    let Some((&selector, file)) = data.split_first() else { return };
    let format = if selector % 2 == 0 { Format::Cifar10 } else { Format::Cifar100 };
    let Ok(records) = read(file, format) else { return };
    let coarse = records.coarse_labels.as_ref().map(|labels| labels.view());
    let mut written = Vec::new();
    write(&mut written, records.images.view(), records.labels.view(), coarse).unwrap();
    assert!(written == file, "records come back as they were");
}
