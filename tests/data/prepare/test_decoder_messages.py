import os

from vits.data.prepare.decoder_messages import decoder_messages


def test_messages_of_c_libraries_are_collected(capfd):
    with decoder_messages() as said:
        os.write(2, b"Warning: broken\n frame")
    assert said == ["(decoder: Warning: broken frame)"]
    with decoder_messages() as said:
        pass
    os.write(2, b"heard again")
    assert said == []
    assert capfd.readouterr().err == "heard again"
