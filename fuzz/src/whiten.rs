//! Fits of whitenings with any options to any rows.

use arbitrary::{Arbitrary, Result, Unstructured};
use mizumashi::whitening::{
    Centring, Method, Regularisation, Remainder, Shrinkage, Whitener, WhiteningKind,
};
use ndarray::Array2;

#[derive(Debug)]
struct Input {
    whitener: Whitener,
    rows: Array2<f32>,
}

impl Arbitrary<'_> for Input {
    fn arbitrary(input: &mut Unstructured<'_>) -> Result<Self> {
        let small = |value: f64| if value.is_finite() { value.abs().fract() } else { value };
        let kinds = [
            WhiteningKind::Zca,
            WhiteningKind::Pca,
            WhiteningKind::Cholesky,
            WhiteningKind::ZcaCor,
            WhiteningKind::PcaCor,
        ];
        let number = f64::arbitrary(input)?;
        let number = if bool::arbitrary(input)? { number } else { small(number) };
        let regularisation = *input.choose(&[
            Regularisation::Eigenvalue(number),
            Regularisation::SingularValue(number),
            Regularisation::Floor(number),
            Regularisation::default(),
        ])?;
        let shrinkage = *input.choose(&[
            Shrinkage::None,
            Shrinkage::Fixed(number),
            Shrinkage::LedoitWolf,
            Shrinkage::Oas,
        ])?;
        let methods = [None, Some(Method::Primal), Some(Method::Dual), Some(Method::Randomised)];
        let remainders = [Remainder::Zero, Remainder::Average, Remainder::Amplified];
        let whitener = Whitener::new(*input.choose(&kinds)?)
            .regularisation(regularisation)
            .shrinkage(shrinkage)
            .centring(*input.choose(&[Centring::Mean, Centring::None])?)
            .remainder(*input.choose(&remainders)?)
            .method(*input.choose(&methods)?)
            .rank_tolerance(small(f64::arbitrary(input)?))
            .explained_variance(Option::<f64>::arbitrary(input)?.map(small))
            .directions(Option::<u8>::arbitrary(input)?.map(|count| usize::from(count % 12)));
        let (samples, features) =
            (usize::from(u8::arbitrary(input)? % 12), usize::from(u8::arbitrary(input)? % 12));
        let raw = bool::arbitrary(input)?;
        let mut rows = Array2::zeros((samples, features));
        for value in &mut rows {
            *value = match raw {
                true => f32::arbitrary(input)?,
                false => f32::from(u8::arbitrary(input)?),
            };
        }
        Ok(Self { whitener, rows })
    }
}

/// The bytes stand for options and rows.
pub fn run(data: &[u8]) {
    let Ok(Input { whitener, rows }) = Input::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    let Ok(whitening) = whitener.fit(rows.view()) else { return };
    let bytes = whitening.to_safetensors().expect("a fit can be stored");
    let loaded = mizumashi::whitening::Whitening::from_safetensors(&bytes)
        .unwrap_or_else(|error| panic!("a fit of {rows:?} by {whitener:?} does not load: {error}"));
    assert_eq!(loaded, whitening);
    let white = whitening.apply(rows.view()).expect("fitted rows can be whitened");
    assert_eq!(white.dim(), (rows.nrows(), whitening.outputs()));
    let _ = whitening.inverse(white.view());
    let _ = whitening.matrix(1 << 20);
    let _ = whitening.diagnosis();
}
