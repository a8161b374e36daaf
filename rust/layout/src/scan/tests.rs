//! Small files made by hand, right and wrong, and bytes at random.

use proptest::prelude::*;

use super::{Format, ScanError, ScanReport, scan};

/// A GDSII record.
fn record(kind: u8, data_type: u8, body: &[u8]) -> Vec<u8> {
    let mut out = ((body.len() + 4) as u16).to_be_bytes().to_vec();
    out.extend([kind, data_type]);
    out.extend(body);
    out
}

fn short(kind: u8, values: &[i16]) -> Vec<u8> {
    record(kind, 2, &values.iter().flat_map(|v| v.to_be_bytes()).collect::<Vec<_>>())
}

fn long(kind: u8, values: &[i32]) -> Vec<u8> {
    record(kind, 3, &values.iter().flat_map(|v| v.to_be_bytes()).collect::<Vec<_>>())
}

/// 1e-3 and 1e-9 as eight-byte reals.
const UNITS: [u8; 16] =
    [0x3e, 0x41, 0x89, 0x37, 0x4b, 0xc6, 0xa7, 0xef, 0x39, 0x44, 0xb8, 0x2f, 0xa0, 0x9b, 0x5a, 0x51];

fn head() -> Vec<u8> {
    [short(0x00, &[600]), short(0x01, &[0; 12]), record(0x02, 6, b"LIB\0"), record(0x03, 5, &UNITS)].concat()
}

fn gds(elements: &[Vec<u8>]) -> Vec<u8> {
    let begin = [short(0x05, &[0; 12]), record(0x06, 6, b"TOP\0")].concat();
    [head(), begin, elements.concat(), record(0x07, 0, b""), record(0x04, 0, b"")].concat()
}

/// A stream of several structures.
pub(crate) fn stream(structures: &[(&str, Vec<Vec<u8>>)]) -> Vec<u8> {
    let structure = |(name, elements): &(&str, Vec<Vec<u8>>)| {
        let begin = [short(0x05, &[0; 12]), record(0x06, 6, name.as_bytes())].concat();
        [begin, elements.concat(), record(0x07, 0, b"")].concat()
    };
    [head(), structures.iter().flat_map(structure).collect(), record(0x04, 0, b"")].concat()
}

/// A polygon in the form in which everybody writes it.
pub(crate) fn polygon(layer: i16, datatype: i16, xy: &[i32]) -> Vec<u8> {
    let of = [short(0x0d, &[layer]), short(0x0e, &[datatype])].concat();
    [record(0x08, 0, b""), of, long(0x10, xy), record(0x11, 0, b"")].concat()
}

/// The same, written as nobody would, and with other records in it.
fn odd_polygon(layer: i16, datatype: i16, xy: &[i32], inside: &[u8]) -> Vec<u8> {
    let (first, second) = xy.split_at(4);
    let of = [long(0x0e, &[i32::from(datatype)]), long(0x10, second), long(0x0d, &[i32::from(layer)])].concat();
    [record(0x08, 0, b""), short(0x26, &[0]), long(0x10, first), of, inside.to_vec(), record(0x11, 0, b"")].concat()
}

fn rest(bytes: &[u8], report: &ScanReport) -> Vec<u8> {
    report.boundaries.rest().iter().flat_map(|span| bytes[span.clone()].to_vec()).collect()
}

/// Vertices and layer of each polygon.
fn drawn(bytes: &[u8], report: &ScanReport) -> Vec<(Vec<i32>, (u32, u32))> {
    let all = &report.boundaries;
    let mut out: Vec<(Vec<i32>, (u32, u32))> = Vec::new();
    for piece in (0..all.n_structures()).flat_map(|i| all.pieces_of(i)) {
        let vertices = &bytes[piece.at..piece.at + 8 * usize::from(piece.n_points)];
        let numbers = vertices.as_chunks().0.iter().map(|v| i32::from_be_bytes(*v));
        if piece.begins {
            out.push((Vec::new(), all.layers()[piece.layer as usize]));
        }
        if let Some((xy, _)) = out.last_mut() {
            xy.extend(numbers);
        }
    }
    out
}

fn boundary() -> Vec<u8> {
    let xy = long(0x10, &[0, 0, 10, 0, 10, 10, 0, 0]);
    [record(0x08, 0, b""), short(0x0d, &[1]), short(0x0e, &[0]), xy, record(0x11, 0, b"")].concat()
}

fn path(width: Option<i32>, late: bool) -> Vec<u8> {
    let width = width.map_or(Vec::new(), |w| long(0x0f, &[w]));
    let xy = long(0x10, &[0, 0, 10, 0]);
    let inside = if late { [xy, width] } else { [width, xy] }.concat();
    [record(0x09, 0, b""), short(0x0d, &[1]), short(0x0e, &[0]), inside, record(0x11, 0, b"")].concat()
}

fn array(columns: i16, rows: i16) -> Vec<u8> {
    let xy = long(0x10, &[0, 0, 10, 0, 0, 10]);
    [record(0x0b, 0, b""), record(0x12, 6, b"AB"), short(0x13, &[columns, rows]), xy, record(0x11, 0, b"")].concat()
}

fn refused(bytes: &[u8]) -> ScanError {
    scan(bytes).expect_err("should be refused")
}

fn accepted(bytes: &[u8]) -> ScanReport {
    match scan(bytes) {
        Ok(report) => report,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_stream_is_walked_to_its_end() {
    let report = accepted(&gds(&[boundary(), path(Some(500), false), array(3, 2)]));
    assert_eq!(report.format, Format::Gdsii);
    assert_eq!(report.cell_names, ["TOP"]);
    assert!((report.dbu_m - 1e-9).abs() < 1e-24, "{}", report.dbu_m);
    assert!((report.user_unit_m - 1e-6).abs() < 1e-21, "{}", report.user_unit_m);
    assert_eq!(report.n_records, 24);
    assert!(report.problems.is_empty() && report.widthless_paths.is_empty());
}

#[test]
fn every_cut_of_a_stream_is_refused() {
    let bytes = gds(&[boundary(), array(3, 2)]);
    for length in 0..bytes.len() {
        let error = refused(&bytes[..length]);
        assert!(error.offset <= length as u64);
    }
}

#[test]
fn what_follows_the_end_is_listed_unless_it_is_padding() {
    let bytes = gds(&[boundary()]);
    assert!(accepted(&[bytes.clone(), vec![0; 1000]].concat()).problems.is_empty());
    let report = accepted(&[bytes, b"rest".to_vec()].concat());
    assert_eq!(report.problems, [("bytes-after-end", "4".to_owned())]);
}

#[test]
fn an_error_names_record_place_and_cell() {
    let mut bytes = gds(&[boundary()]);
    let at = bytes.windows(4).position(|w| w == [0, 4, 0x11, 0]).unwrap_or_default();
    bytes[at + 2] = 0x0d;
    let error = refused(&bytes);
    assert_eq!((error.offset, error.record, error.cell.as_deref()), (at as u64, "LAYER", Some("TOP")));
}

#[test]
fn a_path_without_width_is_listed_and_a_late_width_refused() {
    let report = accepted(&gds(&[path(Some(5), false), path(None, false), path(Some(5), false), path(None, false)]));
    assert_eq!(report.widthless_paths, [1, 3]);
    assert_eq!(refused(&gds(&[path(Some(5), true)])).record, "WIDTH");
    assert_eq!(refused(&gds(&[path(Some(i32::MIN), false)])).record, "WIDTH");
}

#[test]
fn arrays_need_counts_that_can_be() {
    for (columns, rows) in [(0, 1), (1, 0), (-1, 5), (i16::MAX, i16::MAX)] {
        assert_eq!(refused(&gds(&[array(columns, rows)])).record, "COLROW");
    }
}

#[test]
fn elements_must_be_whole() {
    let without = |skip: u8| {
        let bytes = boundary();
        let mut out = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let n = usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
            if bytes[at + 2] != skip {
                out.extend(&bytes[at..at + n]);
            }
            at += n;
        }
        out
    };
    for skip in [0x08, 0x0d, 0x0e, 0x10, 0x11] {
        refused(&gds(&[without(skip)]));
    }
    refused(&gds(&[boundary()[..4].to_vec(), boundary()]));
    refused(&[head(), boundary(), record(0x04, 0, b"")].concat());
}

#[test]
fn records_must_have_their_type_and_length() {
    refused(&gds(&[record(0x08, 0, b""), record(0x0d, 3, &[0, 1])]));
    refused(&gds(&[record(0x08, 0, b""), record(0x0d, 2, &[0, 1, 0])]));
    refused(&gds(&[record(0x5a, 0, b"")]));
    refused(&[head(), vec![0, 3, 5, 2], record(0x04, 0, b"")].concat());
}

#[test]
fn units_must_be_possible() {
    for bytes in [[0; 16], [0xff; 16], [0x7f; 16]] {
        let mut file = gds(&[boundary()]);
        let at = file.windows(16).position(|w| w == UNITS).unwrap_or_default();
        file[at..at + 16].copy_from_slice(&bytes);
        assert_eq!(refused(&file).record, "UNITS");
    }
}

const CLOSED: [i32; 8] = [-1, 7, 10, 7, 10, i32::MAX, -1, 7];

#[test]
fn polygons_are_found_where_they_lie_and_are_no_part_of_the_rest() {
    let elements = [polygon(1, 2, &CLOSED), path(Some(5), false), array(3, 2), polygon(-1, 0, &CLOSED[..6])];
    let bytes = gds(&elements);
    let report = accepted(&[bytes.clone(), vec![0; 100]].concat());
    let open = CLOSED[..6].to_vec();
    assert_eq!(drawn(&bytes, &report), [(open.clone(), (1, 2)), (open, (0xffff, 0))]);
    assert_eq!(rest(&bytes, &report), gds(&elements[1..3]));
    assert_eq!(report.n_records, 29);
    let none = gds(&elements[1..3]);
    assert_eq!(rest(&none, &accepted(&none)), none);
}

#[test]
fn every_form_of_a_polygon_is_found() {
    let as_box = |bytes: Vec<u8>| [record(0x2d, 0, b""), bytes[4..].to_vec()].concat();
    let plain = gds(&[polygon(1, 2, &CLOSED)]);
    for other in [odd_polygon(1, 2, &CLOSED, b""), as_box(polygon(1, 2, &CLOSED)), odd_polygon(1, 2, &CLOSED[..6], b"")]
    {
        let bytes = gds(&[other]);
        let report = accepted(&bytes);
        assert_eq!(drawn(&bytes, &report), drawn(&plain, &accepted(&plain)));
        assert_eq!(rest(&bytes, &report), gds(&[]));
    }
    // The closing point alone in a record of its own, and a polygon that is nothing but one.
    let bytes = gds(&[odd_polygon(1, 2, &[3, 4, 5, 6, 3, 4], b""), polygon(1, 2, &[5, 6])]);
    assert_eq!(drawn(&bytes, &accepted(&bytes)), [(vec![3, 4, 5, 6], (1, 2)), (vec![], (1, 2))]);
}

#[test]
fn polygons_with_properties_are_found_and_stay_in_the_rest() {
    let property = [short(0x2b, &[1]), record(0x2c, 6, b"AB")].concat();
    let kept = odd_polygon(3, 4, &CLOSED, &property);
    let bytes = gds(&[polygon(1, 2, &CLOSED), kept.clone(), boundary()]);
    let report = accepted(&bytes);
    assert_eq!(report.boundaries.n_polygons(), 3);
    assert_eq!(rest(&bytes, &report), gds(&[kept]));
}

#[test]
fn each_structure_names_its_layers_in_the_order_of_their_first_use() {
    let (a, b, c) = (polygon(1, 0, &CLOSED), polygon(2, 0, &CLOSED), polygon(2, 7, &CLOSED));
    let bytes = stream(&[("A", vec![b.clone(), a.clone(), b.clone()]), ("B", vec![]), ("C", vec![c, a])]);
    let found = accepted(&bytes).boundaries;
    assert_eq!((found.n_structures(), found.n_polygons()), (3, 5));
    assert_eq!(found.layers(), [(2, 0), (1, 0), (2, 7), (1, 0)]);
    assert_eq!([0, 1, 2, 3].map(|i| found.layers_of(i)), [0..2, 2..2, 2..4, 0..0]);
}

/// An OASIS file around records; the END is without checksum.
fn oasis(records: &[u8]) -> Vec<u8> {
    let start = [b"%SEMI-OASIS\r\n".as_slice(), &[1, 3], b"1.0", &[0, 0xe8, 0x07, 0]].concat();
    [start, vec![0; 12], records.to_vec(), vec![2, 0, 0]].concat()
}

const CELL: [u8; 3] = [14, 1, b'A'];
const RECTANGLE: [u8; 7] = [20, 0x63, 1, 0, 10, 20, 20];

fn cell_with(records: &[u8]) -> Vec<u8> {
    oasis(&[CELL.as_slice(), records].concat())
}

#[test]
fn an_oasis_file_is_walked_to_its_end() {
    let report = accepted(&cell_with(&RECTANGLE[..6]));
    assert_eq!(report.format, Format::Oasis);
    assert_eq!(report.cell_names, ["A"]);
    assert!((report.dbu_m - 1e-9).abs() < 1e-24);
    assert!(!report.shapes_repeat);
}

#[test]
fn every_cut_of_an_oasis_file_is_refused() {
    let bytes = cell_with(&RECTANGLE[..6]);
    for length in 0..bytes.len() {
        refused(&bytes[..length]);
    }
}

#[test]
fn modal_variables_need_a_value() {
    // The second rectangle takes all from the first; alone, it has nothing to take.
    accepted(&cell_with(&[&RECTANGLE[..6], &[20, 0]].concat()));
    refused(&cell_with(&[20, 0]));
    // They end with the cell.
    refused(&oasis(&[&CELL, &RECTANGLE[..6], &CELL, &[20, 0]].concat()));
    for record in [[17, 0], [19, 0], [21, 0], [22, 0], [23, 0], [26, 0], [27, 0]] {
        refused(&cell_with(&[&RECTANGLE[..2], &record].concat()));
        refused(&cell_with(&record));
    }
    refused(&cell_with(&[29]));
}

#[test]
fn numbers_must_be_defined_somewhere_in_the_file() {
    let place = [17, 0xc0, 5];
    refused(&cell_with(&place));
    accepted(&cell_with(&[place.as_slice(), &[4, 1, b'B', 5]].concat()));
    refused(&cell_with(&[17, 0xc0, 0xff, 0xff, 0xff, 0x7f]));
    refused(&oasis(&[4, 1, b'B', 5, 4, 1, b'C', 5]));
    refused(&oasis(&[4, 1, b'B', 5, 3, 1, b'C']));
    refused(&oasis(&[13, 7]));
    accepted(&oasis(&[13, 0, 3, 1, b'C']));
}

#[test]
fn counts_are_bounded_by_what_follows_and_by_reason() {
    let grid = |columns: &[u8]| cell_with(&[&[20, 0x67, 1, 0, 10, 20, 1], columns, &[0, 5, 5]].concat());
    assert!(accepted(&grid(&[3])).shapes_repeat);
    refused(&grid(&[0xff, 0xff, 0xff, 0xff, 0x7f]));
    refused(&cell_with(&[20, 0x67, 1, 0, 10, 20, 10, 0xff, 0xff, 0x7f, 1, 1]));
    refused(&cell_with(&[21, 0x23, 1, 0, 4, 0xff, 0xff, 0x7f, 1, 1]));
    refused(&cell_with(&[14, 0xff, 0xff, 0x7f, b'x']));
    refused(&cell_with(&[20, 0x63, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 20]));
}

fn block(inside: &[u8], stated: usize) -> Vec<u8> {
    let packed = miniz_oxide::deflate::compress_to_vec(inside, 6);
    let mut out = vec![34, 0];
    for mut n in [stated, packed.len()] {
        while n >= 0x80 {
            out.push(n as u8 & 0x7f | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
    }
    out.extend(packed);
    out
}

#[test]
fn compressed_blocks_hold_whole_records_of_the_stated_size() {
    let inside = [&CELL, &RECTANGLE[..6]].concat();
    assert_eq!(accepted(&oasis(&block(&inside, inside.len()))).cell_names, ["A"]);
    for stated in [0, 1, inside.len() - 1, inside.len() + 1, 1 << 40] {
        assert_eq!(refused(&oasis(&block(&inside, stated))).record, "CBLOCK");
    }
    refused(&oasis(&block(&inside[..inside.len() - 1], inside.len() - 1)));
    refused(&oasis(&block(&[2, 0, 0], 3)));
    let nested = block(&inside, inside.len());
    refused(&oasis(&block(&nested, nested.len())));
}

#[test]
fn a_file_that_expands_without_end_is_refused() {
    // A polygon of a thousand points, then one of two bytes that repeats it, a million times.
    let points = [[21, 0x23, 1, 0, 4, 0xe8, 0x07].as_slice(), &[0x20; 1000]].concat();
    let repeats = [21, 0].repeat(1 << 20);
    let inside = [CELL.as_slice(), &points, &repeats].concat();
    let file = oasis(&block(&inside, inside.len()));
    assert!(file.len() < 10_000);
    assert!(refused(&file).reason.contains("expands"));
}

#[test]
fn extension_records_are_refused_as_the_reader_would_stop_there() {
    for record in [30, 31, 32, 33, 35, 255] {
        refused(&cell_with(&[record, 0, 0, 0, 0]));
    }
    refused(&oasis(&[5, 1, b't', 28, 0x16, 0, 8, 0]));
}

#[test]
fn checksums_are_checked() {
    let mut bytes = cell_with(&RECTANGLE[..6]);
    bytes.pop();
    bytes.push(2);
    let sum = bytes.iter().fold(0_u32, |s, &b| s + u32::from(b));
    accepted(&[bytes.clone(), sum.to_le_bytes().to_vec()].concat());
    assert!(refused(&[bytes, (sum + 1).to_le_bytes().to_vec()].concat()).reason.contains("checksum"));
}

#[test]
fn crc_is_that_of_everybody_else() {
    assert_eq!(super::checksum::crc32(b"123456789"), 0xcbf4_3926);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = scan(&bytes);
        let _ = scan(&oasis(&bytes));
        let _ = scan(&cell_with(&bytes));
        let _ = scan(&gds(&[bytes]));
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0_usize..200, value in any::<u8>(), cut in 0_usize..200) {
        let inside = [&CELL, &RECTANGLE[..6]].concat();
        for mut bytes in [gds(&[boundary(), path(None, false), array(2, 3)]), oasis(&block(&inside, inside.len()))] {
            let n = bytes.len();
            bytes[at % n] = value;
            let _ = scan(&bytes);
            bytes.remove(cut % n);
            let _ = scan(&bytes);
        }
    }
}
