//! A layout as PNG: a dot is a pixel, so that every edge of a module is sharp. It says how large it is, so that it is
//! printed in its size.

use png::{BitDepth, ColorType, Encoder, PixelDimensions, Unit};
use tiny_skia::{FillRule, Mask, Transform};

use crate::LabelError;
use crate::face::Face;
use crate::layout::{DPI, Page, Rectangle};

/// Pixels to the metre, of which 39.37 inches make one.
const PIXELS_A_METRE: u32 = DPI * 10_000 / 254;

pub fn write(face: &Face, page: &Page) -> Result<Vec<u8>, LabelError> {
    let mut ink =
        Mask::new(page.width, page.height).ok_or_else(|| LabelError::Symbol("a label has a size".into()))?;
    for line in &page.lines {
        let mut x = line.x;
        for glyph in line.text.chars().map(|character| face.glyph(character)) {
            if let Some(path) = face.outline(glyph, line.size, (x, line.y)) {
                ink.fill_path(&path, FillRule::Winding, true, Transform::identity());
            }
            x += face.advance(glyph) * line.size;
        }
    }
    for one in &page.dark {
        darken(ink.data_mut(), page.width, one);
    }
    ink.invert();
    encode(ink.data(), page)
}

fn darken(ink: &mut [u8], width: u32, one: &Rectangle) {
    let rows = ink.chunks_mut(width as usize).skip(one.y as usize).take(one.height as usize);
    for pixel in rows.flat_map(|row| row.iter_mut().skip(one.x as usize).take(one.width as usize)) {
        *pixel = u8::MAX;
    }
}

fn encode(grey: &[u8], page: &Page) -> Result<Vec<u8>, LabelError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, page.width, page.height);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_pixel_dims(Some(PixelDimensions {
        xppu: PIXELS_A_METRE,
        yppu: PIXELS_A_METRE,
        unit: Unit::Meter,
    }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(grey)?;
    writer.finish()?;
    Ok(file)
}
