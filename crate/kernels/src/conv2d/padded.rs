//! Images with a border of zeros, so that no tap needs a check.

use crate::shape::Image;
use crate::share::Share;

/// A batch of images and the border that its copies get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Padded {
    pub(super) image: Image,
    pub(super) top: usize,
    pub(super) left: usize,
    pub(super) bottom: usize,
    pub(super) right: usize,
}

impl Padded {
    /// Rows with the border.
    pub(super) fn height(&self) -> usize {
        self.top + self.image.height + self.bottom
    }

    /// Elements of a row with the border.
    pub(super) fn row_len(&self) -> usize {
        (self.left + self.image.width + self.right) * self.image.channels
    }

    /// Elements of an image with the border.
    pub(super) fn image_len(&self) -> usize {
        self.height() * self.row_len()
    }

    /// Elements of scratch that [`Self::view`] asks for.
    pub(super) fn scratch_len(&self, images: usize) -> usize {
        if self.has_border() { images * self.image_len() } else { 0 }
    }

    /// The images with their border: copied to `scratch` by the first share, or as they are when there is no border.
    ///
    /// # Shapes
    /// `images`: `[n, height, width, channels]`; the view: `[n, padded height, padded width, channels]`.
    pub(super) fn view<'a>(&self, images: &'a [f32], scratch: &'a mut [f32], share: Share) -> &'a [f32] {
        if !self.has_border() {
            return images;
        }
        let image_len = self.image.pixels() * self.image.channels;
        let copies = &mut scratch[..self.scratch_len(images.len() / image_len)];
        if !share.is_first() {
            return copies;
        }
        copies.fill(0.0);
        let line = self.image.width * self.image.channels;
        let inset = self.top * self.row_len() + self.left * self.image.channels;
        for (image, copy) in images.chunks_exact(image_len).zip(copies.chunks_exact_mut(self.image_len())) {
            for (row, target) in image.chunks_exact(line).zip(copy[inset..].chunks_mut(self.row_len())) {
                target[..line].copy_from_slice(row);
            }
        }
        copies
    }

    fn has_border(&self) -> bool {
        self.top + self.left + self.bottom + self.right > 0
    }
}
