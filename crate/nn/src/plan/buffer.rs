use core::ops::Range;

use super::Task;

/// A value of a plan: a tensor, the gradient of one, saved statistics or working memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BufferId(pub(super) u32);

impl BufferId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a buffer holds; each kind has an arena of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    Float,
    Index,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Buffer {
    pub(crate) element: Element,
    pub(crate) elements: u64,
}

/// A place in a flat buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) len: usize,
}

impl Span {
    pub(crate) const fn range(self) -> Range<usize> {
        self.start..self.start + self.len
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, len: range.len() }
    }
}

/// First and last task that touch a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime {
    pub(crate) first: usize,
    pub(crate) last: usize,
}

impl Lifetime {
    pub(crate) const fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// The lifetime of each buffer.
pub(crate) fn lifetimes(buffers: &[Buffer], tasks: &[Task]) -> Vec<Lifetime> {
    let mut lifetimes: Vec<Option<Lifetime>> = vec![None; buffers.len()];
    for (index, task) in tasks.iter().enumerate() {
        task.instruction.for_each_buffer(|buffer| {
            lifetimes[buffer.index()].get_or_insert(Lifetime { first: index, last: index }).last = index;
        });
    }
    lifetimes.into_iter().map(|lifetime| lifetime.expect("every buffer is touched by a task")).collect()
}
