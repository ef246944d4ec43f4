use ndarray::ArrayView1;

use crate::Error;

/// Which directions are kept, the largest variances first. The strictest of the rules wins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cut {
    /// Of the largest variance; directions up to it are null.
    pub(crate) rank_tolerance: f64,
    /// As few directions as explain this fraction of the total variance.
    pub(crate) explained_variance: Option<f64>,
    /// At most so many directions.
    pub(crate) directions: Option<usize>,
}

impl Cut {
    /// How many of the variances, given in descending order, are kept of a set of total variance
    /// `total`. With `full`, none counts as null.
    pub(crate) fn rank(&self, variances: ArrayView1<'_, f64>, total: f64, full: bool) -> usize {
        let largest = variances.first().copied().unwrap_or(0.0).max(0.0);
        let null = |variance: f64| variance <= self.rank_tolerance * largest;
        let mut kept = match full {
            true => variances.len(),
            false => variances.iter().take_while(|&&variance| !null(variance)).count(),
        };
        if let Some(fraction) = self.explained_variance {
            let mut explained = 0.0;
            let below = variances.iter().take_while(|&&variance| {
                let missing = explained < fraction * total;
                explained += variance;
                missing
            });
            kept = kept.min(below.count());
        }
        kept.min(self.directions.unwrap_or(kept))
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let value = self.rank_tolerance;
        if !(0.0..1.0).contains(&value) {
            return Err(Error::RankTolerance { value });
        }
        match (self.explained_variance, self.directions) {
            (Some(value), _) if !(value > 0.0 && value <= 1.0) => {
                Err(Error::ExplainedVariance { value })
            }
            (_, Some(0)) => Err(Error::NoDirections),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::Cut;

    const CUT: Cut = Cut { rank_tolerance: 1e-10, explained_variance: None, directions: None };

    #[test]
    fn rank_counts_what_exceeds_the_tolerance() {
        let variances = array![4.0, 1.0, 4e-10, -1e-12];
        assert_eq!(CUT.rank(variances.view(), 5.0, false), 2);
        assert_eq!(CUT.rank(variances.view(), 5.0, true), 4);
        assert_eq!(Cut { rank_tolerance: 0.0, ..CUT }.rank(variances.view(), 5.0, false), 3);
        assert_eq!(Cut { rank_tolerance: 0.0, ..CUT }.rank(array![0.0, 0.0].view(), 0.0, false), 0);
        assert_eq!(CUT.rank(array![-1e-30, -1.0].view(), 0.0, false), 0);
    }

    #[test]
    fn the_fewest_directions_that_explain_the_fraction_are_kept() {
        let variances = array![5.0, 3.0, 1.0, 1.0];
        for (fraction, kept) in [(0.1, 1), (0.5, 1), (0.51, 2), (0.8, 2), (0.81, 3), (1.0, 4)] {
            let cut = Cut { explained_variance: Some(fraction), ..CUT };
            assert_eq!(cut.rank(variances.view(), 10.0, false), kept, "{fraction}");
        }
        let cut = Cut { explained_variance: Some(0.81), directions: Some(2), ..CUT };
        assert_eq!(cut.rank(variances.view(), 10.0, false), 2);
    }
}
