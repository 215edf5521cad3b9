//! The image as the linker left it.

use object::read::elf::ElfFile32;
use object::{Endianness, Object as _, ObjectSegment as _};

/// Where the image lies, and how much room there is.
pub const AT: u32 = 0x0800_0000;
pub const ROOM: usize = 128 * 1024;

pub struct Image {
    pub bytes: Vec<u8>,
}

impl Image {
    /// Of an ELF file.
    pub fn read(elf: &[u8]) -> Result<Self, Box<dyn std::error::Error>> {
        let file = ElfFile32::<Endianness>::parse(elf)?;
        let mut bytes = vec![0xff; ROOM];
        for segment in file.segments() {
            // What is initialised lies in flash behind the code; its address there is the physical one.
            let (at, data) = (physical(&segment), segment.data()?);
            if data.is_empty() || at < AT {
                continue;
            }
            let from = (at - AT) as usize;
            bytes.get_mut(from..from + data.len()).ok_or("the image is too long")?.copy_from_slice(data);
        }
        Ok(Self { bytes })
    }
}

fn physical(segment: &object::read::elf::ElfSegment32<'_, '_, Endianness>) -> u32 {
    use object::read::elf::ProgramHeader as _;
    segment.elf_program_header().p_paddr(Endianness::Little)
}
