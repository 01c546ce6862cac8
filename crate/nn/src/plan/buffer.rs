use core::ops::Range;

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

/// What a buffer, or a task, extends over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// A part for each image; tasks on different images do not meet.
    EachImage,
    /// One for the batch.
    Batch,
}

/// A buffer before it has a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Buffer {
    pub(crate) element: Element,
    pub(crate) extent: Extent,
    /// Elements for each image, or of the batch.
    pub(crate) elements: u64,
}

/// A place in a flat buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) len: usize,
}

impl Span {
    pub(crate) const EMPTY: Self = Self { start: 0, len: 0 };

    pub(crate) const fn range(self) -> Range<usize> {
        self.start..self.start + self.len
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, len: range.len() }
    }
}

/// First and last stage that touch a buffer.
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
