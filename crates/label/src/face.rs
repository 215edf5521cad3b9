//! The font: which glyph stands for a character, how wide it is, and its outline.

use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider};
use tiny_skia::{Path, PathBuilder};

use crate::LabelError;

/// DejaVu Sans Condensed: free (font/LICENSE), narrow, with Latin, Greek, Cyrillic and more. A character that it does
/// not have is an empty frame.
pub const FONT: &[u8] = include_bytes!("../font/DejaVuSansCondensed.ttf");

/// So much smaller than it should be a text may be.
const SMALLEST: f32 = 0.6;

/// Stands for what was cut off.
const ELLIPSIS: char = '…';

pub struct Face {
    font: FontRef<'static>,
    metrics: GlyphMetrics<'static>,
}

impl Face {
    pub fn open() -> Result<Self, LabelError> {
        let font = FontRef::new(FONT).map_err(|_| LabelError::Font)?;
        let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
        Ok(Self { font, metrics })
    }

    pub fn glyph(&self, character: char) -> GlyphId {
        self.font.charmap().map(character).unwrap_or(GlyphId::NOTDEF)
    }

    /// At a size of 1.
    pub fn advance(&self, glyph: GlyphId) -> f32 {
        self.metrics.advance_width(glyph).unwrap_or(0.0)
    }

    /// At a size of 1.
    fn width(&self, text: &str) -> f32 {
        text.chars().map(|character| self.advance(self.glyph(character))).sum()
    }

    /// The text as it fits into `width`: smaller than `size`, down to [`SMALLEST`] of it, and then cut off, with an
    /// ellipsis. Returns it with its size.
    pub fn fitted(&self, text: &str, size: f32, width: f32) -> (String, f32) {
        let size = size * (width / (self.width(text) * size)).clamp(SMALLEST, 1.0);
        // What was shrunk to fit may be wider by a rounding.
        let fits = |text: &str| self.width(text) * size <= width + 0.5;
        if fits(text) {
            return (text.to_owned(), size);
        }
        let mut kept = text.to_owned();
        while kept.pop().is_some() {
            let cut = format!("{}{ELLIPSIS}", kept.trim_end());
            if fits(&cut) {
                return (cut, size);
            }
        }
        (kept, size)
    }

    /// A glyph that begins at the point given on its baseline, y down; none of what has no ink.
    pub fn outline(&self, glyph: GlyphId, size: f32, (x, y): (f32, f32)) -> Option<Path> {
        let mut pen = Pen { path: PathBuilder::new(), x, y };
        let settings = DrawSettings::unhinted(Size::new(size), LocationRef::default());
        self.font.outline_glyphs().get(glyph)?.draw(settings, &mut pen).ok()?;
        pen.path.finish()
    }
}

/// Fonts count y upwards, pages downwards.
struct Pen {
    path: PathBuilder,
    x: f32,
    y: f32,
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.x + x, self.y - y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.x + x, self.y - y);
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.path.quad_to(self.x + cx, self.y - cy, self.x + x, self.y - y);
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (left, top) = (self.x, self.y);
        self.path.cubic_to(left + cx0, top - cy0, left + cx1, top - cy1, left + x, top - y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
