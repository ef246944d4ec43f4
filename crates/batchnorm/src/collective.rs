//! What a layer needs of a collective library to standardise by the batches of several workers.

use mizumashi_stats::WeightedMoments;

use crate::Error;

/// A group of workers (threads, processes, machines) that train copies of one layer on a batch each,
/// as if it were one batch: synchronised batch normalisation.
///
/// All of them call [`Training::across`](crate::Training::across) and
/// [`Backpropagation::across`](crate::Backpropagation::across) in the same order, with layers in the
/// same state. Each sums its own batch; the sums are exchanged, three numbers per channel in the
/// forward pass and two in the backward pass, and every worker merges them in the order of the ranks,
/// so that all come to the same bits. Batches need not be equally large.
///
/// [`Workers`](crate::Workers) are threads of one process. Over MPI, with the crate `mpi`, the method is
///
/// ```ignore
/// impl Collective for SimpleCommunicator {
///     fn all_gather(&self, mine: &[f64]) -> Result<Vec<f64>, Box<dyn Error + Send + Sync>> {
///         let mut all = vec![0.0; mine.len() * self.size() as usize];
///         self.all_gather_into(mine, &mut all[..]);
///         Ok(all)
///     }
/// }
/// ```
///
/// (by a type of your own around the communicator). It is not part of this crate since `mpi` is
/// compiled against the MPI library of the system, and generates its bindings with libclang while it
/// is built, neither of which a plain Rust toolchain has.
///
/// A worker whose call fails before the exchange, because its batch has the wrong shape for instance,
/// never takes part in it, and the others wait for it. With [`Workers`](crate::Workers) they are given
/// an error once it drops its handle.
pub trait Collective: Sync {
    /// Every worker's `mine`, equally long, one after the other in the order of their ranks: the same
    /// on every worker. Waits until all have called.
    ///
    /// # Errors
    ///
    /// Whatever keeps the workers from exchanging.
    fn all_gather(
        &self,
        mine: &[f64],
    ) -> Result<Vec<f64>, Box<dyn std::error::Error + Send + Sync>>;
}

/// The moments of all workers' batches together, from those of one's own.
pub(crate) fn merge_moments(
    collective: &dyn Collective,
    mine: &[WeightedMoments],
) -> Result<Vec<WeightedMoments>, Error> {
    let parts = |moments: &WeightedMoments| {
        let mean = if moments.weight() == 0.0 { 0.0 } else { moments.mean() };
        [moments.weight(), mean, moments.scatter()]
    };
    let mut all = vec![WeightedMoments::default(); mine.len()];
    gather(collective, mine.iter().map(parts), |channel, [weight, mean, scatter]| {
        all[channel].merge(&WeightedMoments::new(weight, mean, scatter));
    })?;
    Ok(all)
}

/// The sums over all workers' batches, from those of one's own.
pub(crate) fn merge_sums(
    collective: &dyn Collective,
    mine: &[[f64; 2]],
) -> Result<Vec<[f64; 2]>, Error> {
    let mut all = vec![[0.0; 2]; mine.len()];
    gather(collective, mine.iter().copied(), |channel, [plain, along]| {
        all[channel][0] += plain;
        all[channel][1] += along;
    })?;
    Ok(all)
}

/// Tells `each` of every channel what each worker has, in the order of the ranks.
fn gather<const N: usize>(
    collective: &dyn Collective,
    mine: impl ExactSizeIterator<Item = [f64; N]>,
    mut each: impl FnMut(usize, [f64; N]),
) -> Result<(), Error> {
    let channels = mine.len();
    let mine: Vec<f64> = mine.flatten().collect();
    let all = collective
        .all_gather(&mine)
        .map_err(|error| Error::Collective { reason: error.to_string() })?;
    if all.is_empty() || all.len() % mine.len() != 0 {
        let reason = format!(
            "it gathered {} numbers, which is no multiple of each worker's {}",
            all.len(),
            mine.len()
        );
        return Err(Error::Collective { reason });
    }
    for (index, part) in all.as_chunks::<N>().0.iter().enumerate() {
        each(index % channels, *part);
    }
    Ok(())
}
