//! Threads that work, pinned to a core each.
//!
//! A kernel may gather threads that sleep often on one core, as those of some virtual machines do to
//! leave the other to the host. Two threads that share work in pieces of microseconds are then as
//! slow as one, or not, from one moment to the next. So, of every side alike, the threads that were
//! busiest in the warm-up are pinned. The main thread never is: what it starts in each run anew would
//! have its core. Where the system is not Linux, nothing is pinned.

#[cfg(target_os = "linux")]
pub(crate) use linux::CpuTimes;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::CpuTimes;

#[cfg(target_os = "linux")]
mod linux {
    use std::cmp::Reverse;
    use std::collections::HashMap;
    use std::sync::LazyLock;
    use std::{fs, process};

    use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};

    /// The cores that threads may have, before any was pinned.
    static CORES: LazyLock<CpuSet> =
        LazyLock::new(|| sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new()));

    /// A thread that worked less than this share of the busiest one's time is not of the work.
    const SHARE: u64 = 20;

    /// The nanoseconds that each thread has worked so far: of this process, or of a child and all
    /// processes that it started.
    pub(crate) struct CpuTimes {
        child: Option<u32>,
        threads: HashMap<i32, u64>,
    }

    impl CpuTimes {
        pub(crate) fn of(child: Option<u32>) -> Self {
            LazyLock::force(&CORES);
            let mut threads = HashMap::new();
            collect(child.unwrap_or_else(process::id), child.is_some(), &mut threads);
            Self { child, threads }
        }

        /// Pins the threads that have been busiest since then, so many of them at most.
        pub(crate) fn pin(&self, count: usize) -> Pinned {
            let since = |thread| self.threads.get(thread).copied().unwrap_or(0);
            let main = self.child.unwrap_or_else(process::id) as i32;
            let mut worked: Vec<(u64, i32)> = Self::of(self.child)
                .threads
                .iter()
                .filter(|&(&thread, _)| thread != main)
                .map(|(thread, now)| (now.saturating_sub(since(thread)), *thread))
                .collect();
            worked.sort_by_key(|&one| Reverse(one));
            let most = worked.first().map_or(0, |&(time, _)| time);
            let busy = worked.iter().take_while(|&&(time, _)| time > most / SHARE).take(count);
            let cores = (0..CpuSet::MAX_CPU).filter(|&core| CORES.is_set(core));
            let pinned = busy.zip(cores).filter_map(|(&(_, thread), core)| {
                let (thread, mut one) = (Pid::from_raw(thread)?, CpuSet::new());
                one.set(core);
                // A thread may have ended since.
                sched_setaffinity(Some(thread), &one).ok().map(|()| thread)
            });
            Pinned(pinned.collect())
        }
    }

    /// Adds the threads of a process, and of its children. Who has ended meanwhile is left out.
    fn collect(process: u32, with_children: bool, threads: &mut HashMap<i32, u64>) {
        let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else { return };
        for task in tasks.flatten() {
            let read = |file: &str| fs::read_to_string(task.path().join(file)).unwrap_or_default();
            let (times, children) = (read("schedstat"), read("children"));
            let nanoseconds = times.split_whitespace().next().and_then(|time| time.parse().ok());
            let thread = task.file_name().to_string_lossy().parse();
            if let (Ok(thread), Some(nanoseconds)) = (thread, nanoseconds) {
                threads.insert(thread, nanoseconds);
            }
            let children = children.split_whitespace().filter(|_| with_children);
            for child in children.filter_map(|child| child.parse().ok()) {
                collect(child, true, threads);
            }
        }
    }

    /// Pinned threads, which may run anywhere again once this is dropped.
    pub(crate) struct Pinned(Vec<Pid>);

    impl Drop for Pinned {
        fn drop(&mut self) {
            for thread in &self.0 {
                let _ = sched_setaffinity(Some(*thread), &CORES); // it may have ended
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use std::io::{BufRead, BufReader};
        use std::process::{Command, Stdio};
        use std::thread;
        use std::time::Duration;

        use rustix::thread::{Pid, sched_getaffinity};

        use super::CpuTimes;

        #[test]
        fn who_worked_is_pinned_and_set_free_again() {
            // A shell that waits for a child of its own, which works.
            let script = "yes > /dev/null & echo $!; wait";
            let mut shell = Command::new("sh");
            shell.args(["-c", script]).stdout(Stdio::piped());
            let mut shell = shell.spawn().unwrap();
            let mut worker = String::new();
            BufReader::new(shell.stdout.take().unwrap()).read_line(&mut worker).unwrap();
            let worker: i32 = worker.trim().parse().unwrap();

            let before = CpuTimes::of(Some(shell.id()));
            thread::sleep(Duration::from_millis(200));
            let cores = |id: i32| sched_getaffinity(Pid::from_raw(id)).unwrap().count();
            let free = cores(worker);
            let pinned = before.pin(2);
            let meanwhile = [cores(worker), cores(shell.id() as i32)];
            drop(pinned);
            let afterwards = cores(worker);
            Command::new("kill").arg(worker.to_string()).status().unwrap();
            shell.wait().unwrap();
            assert_eq!(meanwhile, [1, free], "who waits is not pinned");
            assert_eq!(afterwards, free);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    /// Nothing is known of threads.
    pub(crate) struct CpuTimes;

    impl CpuTimes {
        pub(crate) fn of(_child: Option<u32>) -> Self {
            Self
        }

        pub(crate) fn pin(&self, _count: usize) -> Pinned {
            Pinned
        }
    }

    /// No thread is pinned.
    pub(crate) struct Pinned;
}
