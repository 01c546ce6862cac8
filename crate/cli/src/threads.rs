use std::sync::atomic::{AtomicU32, Ordering};

/// As many threads as processors.
pub(crate) fn available_workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What comes of the numbers 0 to `count`, in their order, whatever the number of threads.
pub(crate) fn share_out<T: Send>(count: u32, workers: Option<u16>, work: impl Fn(u32) -> T + Sync) -> Vec<T> {
    let next = AtomicU32::new(0);
    let work_on = || {
        let mut done: Vec<(u32, T)> = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return done;
            }
            done.push((number, work(number)));
        }
    };
    let workers = workers.map_or_else(available_workers, usize::from).min(count as usize);
    let mut done: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work_on)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("work that is shared out does not panic"))
            .collect()
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}
