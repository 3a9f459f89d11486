//! Where the rows of a file begin and end, whatever its quotes and line ends say.

use api::import::Finding;
use api::import::table::{Broken, Fault, Field, Table};
use api::problem::{Language, Reason};

use super::{HEADER, file, row};

#[test]
fn two_stray_quotes_in_one_column_lose_no_row_between_them() {
    // Rows between two typing slips of the same kind would be taken for one cell, and not recorded.
    let stray = |record: &str| row(2, record).replace("数据结构", "\"数据结构");
    let rows = [
        row(1, "R-1"),
        stray("R-2"),
        row(1, "R-3"),
        row(1, "R-4"),
        stray("R-5"),
        row(1, "R-6"),
        row(1, "R-7").replace("数据结构", "\"数据\n结构\""),
        row(1, "R-8"),
    ];
    for end in ["\n", "\r\n"] {
        let bytes = file(&rows).replace('\n', end);
        let table = Table::read(bytes.as_bytes()).map_err(|problem| problem.detail);
        let table = table.unwrap();
        let read: Vec<_> = (0..table.len())
            .map(|at| table.row(at).unwrap().map(|row| row.line))
            .collect();
        let broken = |line, last| {
            Err(Broken {
                line,
                last,
                fault: Fault::QuoteOpen,
            })
        };
        let expected = [
            Ok(2),
            broken(3, 3),
            Ok(4),
            Ok(5),
            broken(6, 6),
            Ok(7),
            broken(8, 9),
            Ok(10),
        ];
        assert_eq!(read, expected, "{end:?}");
    }
}

#[test]
fn what_stands_in_a_cell_is_never_recorded() {
    // A list pasted into a remark would become outcomes of the people on it.
    let pasted = (0..40).map(|at| row(1, &format!("P-{at}")) + "\n");
    let pasted = pasted.collect::<String>();
    let rows = [
        row(1, "R-1"),
        row(1, "R-2").replace("数据结构", &format!("\"见下表：\n{pasted}\"")),
        row(1, "R-3"),
    ];
    let table = Table::read(file(&rows).as_bytes()).map_err(|problem| problem.detail);
    let table = table.unwrap();
    let read: Vec<_> = (0..table.len())
        .map(|at| table.row(at).unwrap().map(|row| row.line))
        .collect();
    let broken = Broken {
        line: 3,
        last: 44,
        fault: Fault::QuoteOpen,
    };
    assert_eq!(read, [Ok(2), Err(broken), Ok(45)]);
}

#[test]
fn a_header_may_run_over_several_lines() {
    // A sheet with a line break in its header, as many have, would be called a file without columns.
    let header = HEADER.replace("课程名称", "\"课程\n名称\"");
    let bytes = format!("{header}\n{}\n", row(1, "R-1"));
    let table = Table::read(bytes.as_bytes()).map_err(|problem| problem.detail);
    let table = table.unwrap();
    let only = table.row(0).unwrap().map_err(|_| ()).unwrap();
    assert_eq!((table.len(), only.line), (1, 3));
    assert_eq!(only.cell(Field::Title), Ok(Some("数据结构")));
    let open = HEADER.replace("课程名称", "\"课程名称");
    let bytes = format!("{open}\n{}\n", row(1, "R-1"));
    let refused = Table::read(bytes.as_bytes()).err().unwrap();
    assert_eq!(refused.reason, Reason::ImportFileInvalid);
    assert_eq!(refused.detail.zh, "表头中有引号没有闭合");
}

#[test]
fn no_lie_of_quotes_makes_a_file_slow() {
    // One file of quotes would hold up every other import for days.
    for line in [
        "\"\n",
        "\"\"\"\n",
        "\"\"\n",
        "a,\"b\n",
        "\"a\",\"b\n",
        "\"a\"b,\"\n",
        "\",\"\n",
        "a,\",\"\"\n",
        // Open at its end, whether it begins inside a quote or not.
        "a\",\"\n",
    ] {
        let text = format!("{HEADER}\n{}", line.repeat(90_000));
        let table = Table::read(text.as_bytes()).map_err(|problem| problem.detail);
        let table = table.unwrap();
        assert!(!table.is_empty(), "{line:?}");
        assert!(table.looked_at() <= 3 * text.len() as u64, "{line:?}");
    }
}

#[test]
fn a_file_of_nothing_but_open_quotes_is_read_once() {
    // A broken export of 60 MB would keep the import busy for hours.
    let line = format!("\"{}\n", "x".repeat(700));
    let bytes = format!("{HEADER}\n{}", line.repeat(90_000));
    let table = Table::read(bytes.as_bytes()).map_err(|problem| problem.detail);
    let table = table.unwrap();
    assert_eq!(table.len(), 90_000);
    let broken: Vec<_> = [0, 89_999].map(|at| table.row(at).unwrap().err()).into();
    let of = |line| {
        Some(Broken {
            line,
            last: line,
            fault: Fault::QuoteOpen,
        })
    };
    assert_eq!(broken, [of(2), of(90_001)]);
}

#[test]
fn lines_end_as_any_program_ends_them() {
    // A file from an old spreadsheet would be taken for a header without rows.
    let plain = format!("{HEADER}\n{}\n{}\n", row(1, "R-1"), row(2, "R-2"));
    for end in ["\n", "\r\n", "\r"] {
        let bytes = plain.replace('\n', end);
        let table = Table::read(bytes.as_bytes()).map_err(|problem| problem.detail);
        let table = table.unwrap();
        let lines: Vec<_> = (0..table.len())
            .map(|at| table.row(at).unwrap().map(|row| row.line))
            .collect();
        assert_eq!(lines, [Ok(2), Ok(3)], "{end:?}");
    }
}

#[test]
fn a_carriage_return_ends_a_line_wherever_it_stands() {
    // A sheet put together from two programs would be taken in without its rows, and nobody told.
    let lone = |text: String| text.replace('\n', "\r");
    let (one, two) = (row(1, "R-1"), row(2, "R-2"));
    let cell = row(3, "R-3").replace("数据结构", "\"数据\n结构\"");
    let files = [
        // Only the header ends so.
        (format!("{HEADER}\r{one}\n{two}\n"), vec![Ok(2), Ok(3)]),
        // A line feed stands in a cell of the third row.
        (
            lone(format!("{HEADER}\n{one}\n{two}\n")) + &cell + "\r",
            vec![Ok(2), Ok(3), Err(4)],
        ),
        // The last line ends as Windows ends it.
        (
            lone(format!("{HEADER}\n{one}\n")) + &two + "\r\n",
            vec![Ok(2), Ok(3)],
        ),
        (format!("{HEADER}\n{one}\r{two}\n"), vec![Ok(2), Ok(3)]),
    ];
    for (text, expected) in files {
        let table = Table::read(text.as_bytes()).map_err(|problem| problem.detail);
        let table = table.unwrap();
        let read: Vec<_> = (0..table.len())
            .map(|at| {
                let row = table.row(at).unwrap();
                row.map(|row| row.line).map_err(|broken| broken.line)
            })
            .collect();
        assert_eq!(read, expected, "{text:?}");
    }
}

#[test]
fn a_quote_behind_which_a_cell_goes_on_breaks_its_line() {
    // The course `"C" language` would be recorded as `C language`, which nobody wrote.
    let rows = [
        row(1, "R-1"),
        row(1, "R-2").replace("数据结构", "\"C\" language"),
        row(1, "R-3").replace("数据结构", "\"C\"\"\" language"),
        row(1, "R-4").replace("数据结构", "\"\"\"C\"\" language\""),
        row(1, "R-5").replace("数据结构", "5\" disks"),
    ];
    let table = Table::read(file(&rows).as_bytes()).map_err(|problem| problem.detail);
    let table = table.unwrap();
    let read: Vec<_> = (0..table.len())
        .map(|at| {
            let row = table.row(at).unwrap();
            let title = row.map(|row| {
                row.cell(Field::Title)
                    .unwrap()
                    .unwrap_or_default()
                    .to_owned()
            });
            title.map_err(|broken| Finding::broken(broken).told(Language::En))
        })
        .collect();
    let titles: Vec<_> = read.iter().map(|it| it.as_deref().ok()).collect();
    let fine = [
        Some("数据结构"),
        None,
        None,
        Some("\"C\" language"),
        Some("5\" disks"),
    ];
    assert_eq!(titles, fine);
    for (told, line) in read.into_iter().filter_map(Result::err).zip([3, 4]) {
        assert_eq!((told.row, told.code.as_str()), (line, "I04"));
        assert!(
            told.detail.contains("goes on behind a closing quote"),
            "{}",
            told.detail
        );
    }
}
