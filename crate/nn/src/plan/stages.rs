//! Which tasks go through the batch together, and how many images at a time.
//!
//! Neighbouring tasks that work on each image by itself make one *stage*: a chunk of images goes through all of them
//! before the next chunk begins, so that what one task writes is still in the cache when the next one reads it. A
//! value that no other stage touches needs room for one chunk only. A task over the whole batch (the end of a batch
//! normalisation's statistics, the loss, the update) is a stage of its own. Where chunks end depends on sizes only.

use core::ops::Range;

use super::Task;
use super::buffer::{Buffer, BufferId, Element, Extent, Lifetime};

/// Bytes of a chunk that the busiest task of a stage may touch: a share of the second-level cache (256 KiB to 2 MiB on the
/// machines that people have) that leaves room for weights.
const CHUNK_BYTES: u64 = 192 << 10;

/// Multiply-accumulates of one task on one chunk, unless a single image takes more: a few milliseconds, so that a trainer
/// halts at once.
pub(super) const CHUNK_MACS: u64 = 1 << 24;

/// Bytes of a float and of an index.
const ELEMENT_BYTES: u64 = 4;

/// Neighbouring tasks that go through the batch together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) tasks: Range<usize>,
    /// Images at a time; the last chunk may have fewer.
    pub(crate) chunk: u64,
}

/// Cuts a list of tasks into stages.
pub(crate) fn stages(tasks: &[Task], buffers: &[Buffer], batch: u64) -> Vec<Stage> {
    let mut start = 0;
    tasks
        .chunk_by(|task, next| task.extent == Extent::EachImage && next.extent == Extent::EachImage)
        .map(|group| {
            let tasks = start..start + group.len();
            start = tasks.end;
            Stage { tasks, chunk: chunk_images(group, buffers, batch) }
        })
        .collect()
}

fn chunk_images(tasks: &[Task], buffers: &[Buffer], batch: u64) -> u64 {
    if tasks[0].extent == Extent::Batch {
        return batch;
    }
    let most = tasks
        .iter()
        .map(|task| {
            let elements: u64 = task
                .buffers
                .iter()
                .map(|buffer| &buffers[buffer.index()])
                .filter(|buffer| buffer.extent == Extent::EachImage)
                .map(|buffer| buffer.elements)
                .sum();
            let by_bytes = CHUNK_BYTES / (elements * ELEMENT_BYTES).max(1);
            by_bytes.min(CHUNK_MACS / task.macs.max(1)).max(1)
        })
        .min()
        .unwrap_or(batch);
    // Chunks of nearly equal size.
    batch.div_ceil(batch.div_ceil(most.min(batch)))
}

/// The lifetime of each buffer.
///
/// # Panics
/// If a buffer is touched by no task.
pub(crate) fn lifetimes(stages: &[Stage], tasks: &[Task], buffers: usize) -> Vec<Lifetime> {
    let mut lifetimes: Vec<Option<Lifetime>> = vec![None; buffers];
    for (index, stage) in stages.iter().enumerate() {
        for buffer in tasks[stage.tasks.clone()].iter().flat_map(|task| &task.buffers) {
            lifetimes[buffer.index()].get_or_insert(Lifetime { first: index, last: index }).last = index;
        }
    }
    lifetimes.into_iter().map(|lifetime| lifetime.expect("every buffer is touched by a task")).collect()
}

/// Gives each stage one buffer of working memory, as long as its hungriest task asks for, as the last buffer of the tasks
/// that ask for any.
pub(crate) fn add_scratch(stages: &[Stage], tasks: &mut [Task], buffers: &mut Vec<Buffer>) {
    for stage in stages {
        let tasks = &mut tasks[stage.tasks.clone()];
        let scratch_len = |task: &Task| task.work.scratch_len(stage.chunk as usize) as u64;
        let elements = tasks.iter().map(scratch_len).max().unwrap_or(0);
        if elements == 0 {
            continue;
        }
        let scratch = BufferId(buffers.len() as u32);
        buffers.push(Buffer { element: Element::Float, extent: Extent::Batch, elements });
        for task in tasks.iter_mut().filter(|task| scratch_len(task) > 0) {
            task.buffers.push(scratch);
        }
    }
}
