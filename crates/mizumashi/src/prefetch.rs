//! Batches made ahead on a background thread.

use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::thread;

use crate::{Batch, Error, Flow, Labels, Source};

impl<S: Source + Send, Y: Labels<Batch: Send> + Send + Sync> Flow<'_, S, Y> {
    /// Lets `consume` have the batches of this flow while a background thread makes them ahead.
    ///
    /// Batches are made `ahead` at a time, one a thread of rayon's global pool and its samples
    /// shared out where threads are idle: small batches, too, keep every thread busy. At most
    /// `ahead` finished ones wait (0 hands each over as it is asked for), so memory is bounded by
    /// 2·`ahead` + 2 batches: those waiting, those in the making, one in use. The thread ends when
    /// `consume` does.
    ///
    /// A pool of your own that this is called in is not used, and its thread that waits for a batch
    /// keeps a core busy meanwhile: call it outside, or take [`next_batch_into`](Self::next_batch_into)
    /// to make batches on that pool.
    ///
    /// ```
    /// use mizumashi::ImageDataGenerator;
    /// use ndarray::Array4;
    ///
    /// let x = Array4::<u8>::zeros((100, 8, 8, 3));
    /// let generator = ImageDataGenerator::builder().rotation_range(20.0).build()?;
    /// let samples = generator.flow(&x, (), 32)?.prefetch(2, |batches| {
    ///     let mut samples = 0;
    ///     for _ in 0..4 {
    ///         let batch = batches.next_batch()?;
    ///         samples += batch.x.dim().0; // train on it
    ///         batches.recycle(batch);
    ///     }
    ///     Ok::<_, mizumashi::Error>(samples)
    /// })?;
    /// assert_eq!(samples, 100);
    /// # Ok::<(), mizumashi::Error>(())
    /// ```
    ///
    /// A transform or a source that panics is [`Error::Panicked`], as in
    /// [`next_batch`](Self::next_batch).
    pub fn prefetch<R>(
        self,
        ahead: usize,
        consume: impl FnOnce(&mut Prefetch<Y::Batch>) -> R,
    ) -> R {
        let (ready, batches) = sync_channel(ahead);
        let (recycled, spent) = channel();
        thread::scope(|scope| {
            let producer = scope.spawn(move || produce(self, ahead.max(1), &ready, &spent));
            let mut prefetch = Prefetch { batches, recycled };
            let outcome = consume(&mut prefetch);
            // The producer ends when it finds nobody listening, after the batches in the making.
            drop(prefetch);
            while on_a_worker() && !producer.is_finished() {
                lend_a_hand();
            }
            outcome
        })
    }
}

/// The consumer's end of [`Flow::prefetch`]: an endless iterator over batches made ahead.
#[derive(Debug)]
pub struct Prefetch<Y> {
    batches: Receiver<Result<Batch<Y>, Error>>,
    recycled: Sender<Batch<Y>>,
}

impl<Y> Prefetch<Y> {
    /// The next batch, waited for where it is not ready.
    ///
    /// # Errors
    /// What a transform reports.
    pub fn next_batch(&mut self) -> Result<Batch<Y>, Error> {
        while on_a_worker() {
            match self.batches.try_recv() {
                Ok(batch) => return batch,
                Err(TryRecvError::Disconnected) => return Err(Error::Producer),
                Err(TryRecvError::Empty) => lend_a_hand(),
            }
        }
        self.batches.recv().unwrap_or(Err(Error::Producer))
    }

    /// Gives a spent batch back, so that its memory serves for a later one.
    pub fn recycle(&self, batch: Batch<Y>) {
        // Where the producer has ended there is nothing left to reuse it for.
        let _ = self.recycled.send(batch);
    }
}

impl<Y> Iterator for Prefetch<Y> {
    type Item = Result<Batch<Y>, Error>;

    /// The next batch; never `None`.
    fn next(&mut self) -> Option<Self::Item> {
        Some(self.next_batch())
    }
}

/// Whether this thread is one of a pool's: if it slept, it would be missing where batches are made.
fn on_a_worker() -> bool {
    rayon::current_thread_index().is_some()
}

/// Does some of the pool's work instead of waiting.
fn lend_a_hand() {
    if rayon::yield_now() != Some(rayon::Yield::Executed) {
        thread::yield_now();
    }
}

/// Makes batches, so many at a time, in spent memory where there is some, until nobody wants them.
fn produce<S: Source, Y: Labels<Batch: Send> + Sync>(
    mut flow: Flow<'_, S, Y>,
    count: usize,
    ready: &SyncSender<Result<Batch<Y::Batch>, Error>>,
    spent: &Receiver<Batch<Y::Batch>>,
) {
    loop {
        let spent = (0..count).map(|_| spent.try_recv().ok()).collect();
        for batch in flow.next_batches(spent) {
            if ready.send(batch).is_err() {
                return;
            }
        }
    }
}
