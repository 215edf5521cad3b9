//! The one layout of a label: an A6 page, measured in dots of a 300 dpi printer, so that every module is whole dots.
//!
//! Sizes follow GS1 General Specifications 5.12, table 5 (scanned in general distribution): modules of GS1-128 0.495 to
//! 1.016 mm, bars at least 31.75 mm high, modules of two-dimensional symbols 0.743 to 1.5 mm. The GS1-128 stands lowest
//! (6.6), with its digits in full below it.

use domain::label::Label;

use crate::LabelError;
use crate::face::Face;
use crate::symbol::{Symbol, digital_link_qr, gs1_128, gs1_data_matrix};

/// Dots to the inch.
pub const DPI: u32 = 300;

/// A6: 105 mm by 148 mm, in dots.
const WIDTH: u32 = 1240;
const HEIGHT: u32 = 1748;

/// On either side.
const MARGIN: u32 = 60;
const INNER: u32 = WIDTH - 2 * MARGIN;

/// A module of the GS1-128 in dots: 0.508 mm.
const BAR: u32 = 6;
/// 38 mm.
const BAR_HEIGHT: u32 = 450;
/// A module of the DataMatrix: 1.185 mm.
const MATRIX_MODULE: u32 = 14;
/// A module of the QR code: 0.931 mm.
const QR_MODULE: u32 = 11;
/// Light modules around a symbol: 1 for DataMatrix and 4 for QR; 10 beside a GS1-128.
const MATRIX_QUIET: u32 = 1;
pub const QR_QUIET: u32 = 4;

pub const CAPTION: f32 = 30.0;
pub const SMALL: f32 = 44.0;
const LARGE: f32 = 60.0;

/// A dark rectangle, in dots from the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rectangle {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// A line of text: where its baseline begins, and its size, in dots.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub x: f32,
    pub y: f32,
    pub size: f32,
    pub text: String,
}

/// A label as it is printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// In dots.
    pub width: u32,
    pub height: u32,
    pub dark: Vec<Rectangle>,
    pub lines: Vec<Line>,
}

pub fn lay_out(face: &Face, label: &Label) -> Result<Page, LabelError> {
    let mut sheet = Sheet::new(face, WIDTH, HEIGHT);
    let (left, half) = (MARGIN, INNER / 2);
    sheet.field(left, 86, INNER, "FROM", SMALL, &label.from);
    if let Some(to) = &label.to {
        sheet.field(left, 196, INNER, "TO", LARGE, to);
    }
    sheet.rule(300);
    if let Some(reference) = &label.reference {
        sheet.field(left, 346, INNER, "REFERENCE", LARGE, reference);
    }
    sheet.field(left, 466, half, "UNIT", LARGE, &label.unit);
    if let Some(keep_at) = &label.keep_at {
        sheet.field(left + half, 466, half, "KEEP AT", LARGE, keep_at);
    }
    sheet.rule(570);
    let matrix = gs1_data_matrix(label.sscc)?;
    let qr = digital_link_qr(label.sscc)?;
    let qr_side = (side(&qr) + 2 * QR_QUIET) * QR_MODULE;
    sheet.symbol(&matrix, (left + MATRIX_QUIET * MATRIX_MODULE, 680), (MATRIX_MODULE, MATRIX_MODULE));
    let qr_left = WIDTH - MARGIN - qr_side + QR_QUIET * QR_MODULE;
    sheet.symbol(&qr, (qr_left, 580 + QR_QUIET * QR_MODULE), (QR_MODULE, QR_MODULE));
    sheet.rule(1000);
    let digits = label.sscc.to_string();
    sheet.field(left, 1046, INNER, "SSCC", LARGE * 1.6, &digits);
    let bars = gs1_128(label.sscc)?;
    let bars_left = WIDTH.saturating_sub(side(&bars) * BAR) / 2;
    sheet.symbol(&bars, (bars_left, 1176), (BAR, BAR_HEIGHT));
    sheet.line(bars_left, 1692.0, INNER, LARGE, &format!("(00){digits}"));
    Ok(sheet.page)
}

pub fn side(symbol: &Symbol) -> u32 {
    u32::try_from(symbol.width).unwrap_or(u32::MAX)
}

pub struct Sheet<'a> {
    face: &'a Face,
    pub page: Page,
}

impl<'a> Sheet<'a> {
    pub fn new(face: &'a Face, width: u32, height: u32) -> Self {
        Self { face, page: Page { width, height, dark: Vec::new(), lines: Vec::new() } }
    }

    /// What a text is, small, and the text below it.
    pub fn field(&mut self, x: u32, y: u32, width: u32, caption: &str, size: f32, text: &str) {
        self.line(x, y as f32, width, CAPTION, caption);
        self.line(x, y as f32 + size * 1.05, width, size, text);
    }

    fn line(&mut self, x: u32, y: f32, width: u32, size: f32, text: &str) {
        let (text, size) = self.face.fitted(text, size, width as f32);
        self.page.lines.push(Line { x: x as f32, y, size, text });
    }

    fn rule(&mut self, y: u32) {
        self.page.dark.push(Rectangle { x: MARGIN, y, width: INNER, height: 4 });
    }

    /// A symbol whose first module stands at `(x, y)`; dark modules side by side are one rectangle.
    pub fn symbol(&mut self, symbol: &Symbol, (x, y): (u32, u32), (width, height): (u32, u32)) {
        for (row, top) in symbol.dark.chunks(symbol.width).zip((y..).step_by(height as usize)) {
            let mut left = x;
            for run in row.chunk_by(|one, next| one == next) {
                let length = width * u32::try_from(run.len()).unwrap_or(0);
                if run.first() == Some(&true) {
                    self.page.dark.push(Rectangle { x: left, y: top, width: length, height });
                }
                left += length;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label() -> Label {
        Label {
            sscc: "106141412345678908".parse().unwrap(),
            from: "W".repeat(200),
            to: Some("Ж".repeat(200)),
            unit: "Box 500 of 500".into(),
            reference: Some("W".repeat(100)),
            keep_at: Some("-196.25 °C to -150.75 °C".into()),
        }
    }

    #[test]
    fn modules_are_as_large_as_gs1_asks_for() {
        let millimetres = |dots: u32| f64::from(dots) * 25.4 / f64::from(DPI);
        assert!((0.495..=1.016).contains(&millimetres(BAR)) && millimetres(BAR_HEIGHT) >= 31.75);
        for module in [MATRIX_MODULE, QR_MODULE] {
            assert!((0.743..=1.5).contains(&millimetres(module)), "{module}");
        }
    }

    /// Left, top, right and bottom of what is drawn.
    type Extent = (u32, u32, u32, u32);

    fn extent(one: &Rectangle) -> Extent {
        (one.x, one.y, one.x + one.width, one.y + one.height)
    }

    fn text_extent(face: &Face, line: &Line) -> Extent {
        let width: f32 = line.text.chars().map(|c| face.advance(face.glyph(c)) * line.size).sum();
        let (left, right) = (line.x as u32, (line.x + width).ceil() as u32);
        (left, (line.y - line.size * 0.8) as u32, right, (line.y + line.size * 0.25) as u32)
    }

    #[test]
    fn nothing_stands_in_a_quiet_zone_or_beside_the_page() {
        let face = Face::open().unwrap();
        let page = lay_out(&face, &label()).unwrap();
        let all: Vec<Extent> = page.dark.iter().map(extent).collect();
        let texts = page.lines.iter().map(|line| text_extent(&face, line));
        let all: Vec<Extent> = all.into_iter().chain(texts).collect();
        for (left, top, right, bottom) in &all {
            assert!(*left >= MARGIN && *right <= WIDTH - MARGIN + 1, "{left} to {right}");
            assert!(*top >= MARGIN / 2 && *bottom <= HEIGHT - MARGIN / 2, "{top} to {bottom}");
        }
        for (height, quiet, light) in [
            (BAR_HEIGHT, 10 * BAR, 0),
            (MATRIX_MODULE, MATRIX_QUIET * MATRIX_MODULE, MATRIX_QUIET * MATRIX_MODULE),
            (QR_MODULE, QR_QUIET * QR_MODULE, QR_QUIET * QR_MODULE),
        ] {
            let modules = || page.dark.iter().filter(|one| one.height == height).map(extent);
            let (left, right) =
                (modules().map(|m| m.0).min().unwrap(), modules().map(|m| m.2).max().unwrap());
            let (top, bottom) =
                (modules().map(|m| m.1).min().unwrap(), modules().map(|m| m.3).max().unwrap());
            let own: Vec<Extent> = modules().collect();
            let near = |one: &&Extent| {
                one.2 > left - quiet && one.0 < right + quiet && one.3 > top - light && one.1 < bottom + light
            };
            let intruders: Vec<_> = all.iter().filter(near).filter(|one| !own.contains(one)).collect();
            assert!(intruders.is_empty(), "{height}: {intruders:?}");
        }
    }

    #[test]
    fn people_read_the_same_digits_and_what_is_too_long_is_cut_off_visibly() {
        let face = Face::open().unwrap();
        let page = lay_out(&face, &label()).unwrap();
        let texts: Vec<&str> = page.lines.iter().map(|line| &*line.text).collect();
        assert!(texts.contains(&"(00)106141412345678908") && texts.contains(&"106141412345678908"));
        let cut = texts.iter().filter(|text| text.ends_with('…')).count();
        assert_eq!(cut, 3, "{texts:?}");
        assert!(texts.contains(&"-196.25 °C to -150.75 °C"), "{texts:?}");
    }
}
