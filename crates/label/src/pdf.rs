//! A layout as PDF: vectors for the symbols, text that can be read and searched, the font's used glyphs inside.

use krilla::Document;
use krilla::color::luma;
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};

use crate::LabelError;
use crate::face::{FONT, Face};
use crate::layout::{DPI, Line, Page};

/// PDF counts in points.
const POINTS_A_DOT: f32 = 72.0 / DPI as f32;

pub fn write(face: &Face, pages: &[Page]) -> Result<Vec<u8>, LabelError> {
    let font = Font::new(FONT.into(), 0).ok_or(LabelError::Font)?;
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title("Labels".into()).language("en".into()));
    for page in pages {
        let [width, height] = [page.width, page.height].map(|dots| dots as f32 * POINTS_A_DOT);
        let settings = PageSettings::from_wh(width, height)
            .ok_or_else(|| LabelError::Pdf("a page has a size".into()))?;
        let mut sheet = document.start_page_with(settings);
        let mut surface = sheet.surface();
        surface.push_transform(&Transform::from_scale(POINTS_A_DOT, POINTS_A_DOT));
        surface.set_fill(Some(Fill { paint: luma::Color::black().into(), ..Fill::default() }));
        draw(&mut surface, face, &font, page);
        surface.pop();
        surface.finish();
        sheet.finish();
    }
    document.finish().map_err(|error| LabelError::Pdf(format!("{error:?}")))
}

fn draw(surface: &mut Surface<'_>, face: &Face, font: &Font, page: &Page) {
    let mut dark = PathBuilder::new();
    for one in &page.dark {
        let [x, y, width, height] = [one.x, one.y, one.width, one.height].map(|dots| dots as f32);
        if let Some(rectangle) = Rect::from_xywh(x, y, width, height) {
            dark.push_rect(rectangle);
        }
    }
    if let Some(path) = dark.finish() {
        surface.draw_path(&path);
    }
    for line in &page.lines {
        let start = Point::from_xy(line.x, line.y);
        surface.draw_glyphs(start, &glyphs(face, line), font.clone(), &line.text, line.size, false);
    }
}

fn glyphs(face: &Face, line: &Line) -> Vec<KrillaGlyph> {
    let glyph = |(at, character): (usize, char)| {
        let glyph = face.glyph(character);
        KrillaGlyph {
            glyph_id: GlyphId::new(glyph.to_u32()),
            text_range: at..at + character.len_utf8(),
            x_advance: face.advance(glyph),
            x_offset: 0.0,
            y_offset: 0.0,
            y_advance: 0.0,
            location: None,
        }
    };
    line.text.char_indices().map(glyph).collect()
}
