use crate::Error;
use crate::categorical::check_labels;
use ndarray::{Array1, Array4};
use serde::{Deserialize, Serialize};

/// Labelled images in memory.
///
/// - images: u8, `[samples, height, width, channels]`;
/// - labels: one per image, an index into the class names;
/// - class names: in the order of the labels.
///
/// ```
/// use mizumashi_data::Dataset;
/// use ndarray::{Array4, array};
///
/// let names = vec!["cat".to_owned(), "dog".to_owned()];
/// let data = Dataset::new(Array4::zeros((3, 32, 32, 3)), array![0, 1, 1], names)?;
/// assert_eq!(data.image_shape(), [32, 32, 3]);
/// assert_eq!(data.label_counts(), [1, 2]);
/// # Ok::<(), mizumashi_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Dataset {
    images: Array4<u8>,
    labels: Array1<usize>,
    class_names: Vec<String>,
}

/// A data set in its two parts: one to fit on, one to judge by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainTest {
    /// Samples to fit on.
    pub train: Dataset,
    /// Samples to judge by; empty when the source has none.
    pub test: Dataset,
}

impl Dataset {
    /// Puts a data set together. It may be empty.
    ///
    /// # Errors
    ///
    /// [`Error::LabelCount`] when there are not as many labels as images, and
    /// [`Error::LabelOutOfRange`] when a label has no class name.
    pub fn new(
        images: Array4<u8>,
        labels: Array1<usize>,
        class_names: Vec<String>,
    ) -> Result<Self, Error> {
        if images.dim().0 != labels.len() {
            return Err(Error::LabelCount { images: images.dim().0, labels: labels.len() });
        }
        check_labels(labels.view(), class_names.len(), "the labels")?;
        Ok(Self { images, labels, class_names })
    }

    /// The images, `[samples, height, width, channels]`.
    pub fn images(&self) -> &Array4<u8> {
        &self.images
    }

    /// The labels, one per image, each below [`class_count`](Self::class_count).
    pub fn labels(&self) -> &Array1<usize> {
        &self.labels
    }

    /// The names of the classes, in the order of the labels.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Height, width and channels of every image.
    pub fn image_shape(&self) -> [usize; 3] {
        let (_, height, width, channels) = self.images.dim();
        [height, width, channels]
    }

    /// The number of classes, whether or not each has a sample.
    pub fn class_count(&self) -> usize {
        self.class_names.len()
    }

    /// The number of samples of each class.
    pub fn label_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.class_count()];
        for &label in &self.labels {
            counts[label] += 1;
        }
        counts
    }

    /// Takes the data set apart: images, labels, class names.
    pub fn into_parts(self) -> (Array4<u8>, Array1<usize>, Vec<String>) {
        (self.images, self.labels, self.class_names)
    }
}

/// A data set as it is stored, before its labels are checked.
#[derive(Deserialize)]
struct Parts {
    images: Array4<u8>,
    labels: Array1<usize>,
    class_names: Vec<String>,
}

impl TryFrom<Parts> for Dataset {
    type Error = Error;

    fn try_from(parts: Parts) -> Result<Self, Error> {
        Self::new(parts.images, parts.labels, parts.class_names)
    }
}
