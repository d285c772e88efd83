def test_the_text_lists_counts_and_excluded_rows(report):
    text = report.text()
    for row in report.left_out:
        assert f"left out row{row}: " in text
    assert "2 of 10 symbols never occur" in text
