//! The two signatures that an OASIS file can end with.

/// Sum of the bytes.
pub(super) fn checksum32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum: u32, &b| sum.wrapping_add(u32::from(b)))
}

/// Cyclic redundancy check of IEEE 802.3.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut i = 0;
        while i < 256 {
            let mut value = i as u32;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 1 == 1 { 0xedb8_8320 ^ (value >> 1) } else { value >> 1 };
                bit += 1;
            }
            table[i] = value;
            i += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc: u32, &b| (crc >> 8) ^ TABLE[((crc ^ u32::from(b)) & 0xff) as usize])
}
