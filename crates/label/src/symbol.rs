//! The three symbols as modules, dark or light. Encoding is the libraries'; which codes stand in them is GS1's.

use barcoders::sym::code128::Code128;
use datamatrix::{DataMatrix, SymbolList};
use domain::gs1::{Elements, Sscc};
use domain::label::TrackerLabel;
use qrcode::{Color, EcLevel, QrCode};

use crate::LabelError;

/// Code set C and FNC1, as `barcoders` wants them written: the double start that makes Code 128 a GS1-128.
const START_C_FNC1: &str = "\u{106}\u{179}";

/// Modules row by row, without quiet zone; true: dark.
pub struct Symbol {
    pub width: usize,
    pub dark: Vec<bool>,
}

/// What a code says of the unit.
fn elements(sscc: Sscc) -> Elements {
    Elements { sscc: Some(sscc), ..Elements::default() }
}

/// One row of bars. The twenty digits of an SSCC and its identifier fit code set C: two digits a character.
pub fn gs1_128(sscc: Sscc) -> Result<Symbol, LabelError> {
    let content = format!("{START_C_FNC1}{}", elements(sscc).to_element_string());
    let code = Code128::new(content).map_err(|error| LabelError::Symbol(error.to_string()))?;
    let dark: Vec<bool> = code.encode().into_iter().map(|module| module == 1).collect();
    Ok(Symbol { width: dark.len(), dark })
}

/// Square, ECC 200, with FNC1 in the first place.
pub fn gs1_data_matrix(sscc: Sscc) -> Result<Symbol, LabelError> {
    let content = elements(sscc).to_element_string();
    let code = DataMatrix::encode_gs1(content.as_bytes(), SymbolList::default().enforce_square())
        .map_err(|error| LabelError::Symbol(format!("{error:?}")))?;
    let bitmap = code.bitmap();
    Ok(Symbol { width: bitmap.width(), dark: bitmap.bits().to_vec() })
}

/// A QR code that holds a Digital Link, error correction M as GS1 recommends.
pub fn digital_link_qr(sscc: Sscc) -> Result<Symbol, LabelError> {
    let missing = || LabelError::Symbol("an SSCC has a Digital Link".into());
    let link = elements(sscc).to_digital_link().ok_or_else(missing)?;
    qr(link)
}

/// A QR code that holds a tracker's identification.
pub fn identification_qr(label: &TrackerLabel) -> Result<Symbol, LabelError> {
    qr(label.identification())
}

fn qr(content: String) -> Result<Symbol, LabelError> {
    let code = QrCode::with_error_correction_level(content, EcLevel::M)
        .map_err(|error| LabelError::Symbol(error.to_string()))?;
    let width = code.width();
    Ok(Symbol { width, dark: code.into_colors().into_iter().map(|color| color == Color::Dark).collect() })
}

#[cfg(test)]
mod tests {
    use domain::gs1::SsccSeries;
    use proptest::prelude::*;

    use super::*;

    /// The widths of bars and spaces of each character of Code 128 (ISO/IEC 15417, table 1), in the order of their values.
    const WIDTHS: &str = "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232
        122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112
        322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131
        113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111
        221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114
        413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143
        111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 211232";
    const START_C: usize = 105;
    const FNC1: usize = 102;
    const STOP: &str = "2331112";

    /// The values of the characters before the stop pattern, by their widths.
    fn values(symbol: &Symbol) -> Vec<usize> {
        let runs = symbol.dark.chunk_by(|one, next| one == next);
        let widths: String = runs.map(|run| run.len().to_string()).collect();
        let characters = widths.strip_suffix(STOP).unwrap();
        let value = |at: usize| {
            let character = &characters[at..at + 6];
            WIDTHS.split_whitespace().position(|widths| widths == character).unwrap()
        };
        (0..characters.len()).step_by(6).map(value).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_gs1_128_begins_with_fnc1_and_ends_with_its_check_character(
            prefix in "[1-9][0-9]{3,11}", extension in 0..10_u8, serial: u64,
        ) {
            let series = SsccSeries::new(prefix.parse().unwrap(), extension).unwrap();
            let sscc = series.sscc(serial % series.size()).unwrap();
            let symbol = gs1_128(sscc).unwrap();
            prop_assert!(symbol.dark.first() == Some(&true) && symbol.dark.len() == symbol.width);
            let mut values = values(&symbol);
            let check = values.pop().unwrap();
            let weighted = values.iter().enumerate().map(|(place, value)| place.max(1) * value);
            prop_assert_eq!(check, weighted.sum::<usize>() % 103);
            prop_assert_eq!(&values[..2], [START_C, FNC1]);
            let digits: String = values[2..].iter().map(|pair| format!("{pair:02}")).collect();
            prop_assert_eq!(digits, format!("00{sscc}"));
        }
    }

    #[test]
    fn symbols_have_the_sizes_that_the_layout_counts_with() {
        let sscc = "106141412345678908".parse().unwrap();
        // Start, FNC1, ten pairs and the check character of 11 modules, and the stop pattern of 13.
        assert_eq!(gs1_128(sscc).unwrap().width, 156);
        assert_eq!(gs1_data_matrix(sscc).unwrap().width, 16);
        assert_eq!(digital_link_qr(sscc).unwrap().width, 29);
    }
}
