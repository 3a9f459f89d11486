"""Our printed codes under zbarimg, whole and distorted, and the same pictures under our own reader."""

import json
import random

from PIL import Image, ImageChops, ImageFilter
from world import WORK, Tally, finish, verify, zbar

# Of 24 short ones with light grain. Our own reader's mark is what it reached with every code tried (15 to
# 20), less some; docs/INTEROP.md says how far it is behind.
ZBAR_AT_LEAST, OWN_AT_LEAST = 22, 12
# Grey levels that the grain adds or takes away at most, of 175 between black and white.
GRAINS = {"light": 10, "heavy": 32}


def turned(picture, degrees):
    return picture.rotate(degrees, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def blurred(picture, dots):
    """A lens a fifth of a module out of focus."""
    return picture.filter(ImageFilter.GaussianBlur(dots / 5))


def noisy(picture, grain, seed):
    """Black and white of a photo, and grain in every dot; the same in every run."""
    grey = picture.point(lambda level: 40 + level * 175 // 255)
    dust = Image.frombytes("L", grey.size, random.Random(seed).randbytes(grey.width * grey.height))
    return ImageChops.add(grey, dust.point(lambda level: level * 2 * grain // 255), 1, -grain)


def distorted(picture, dots, grain):
    """Six photos of a code: lens before sensor, as in a camera."""
    return {
        "rotated 3": turned(picture, 3),
        "rotated 7": turned(picture, 7),
        "rotated 90": turned(picture, 90),
        "blurred": blurred(picture, dots),
        "grain": noisy(picture, grain, 1),
        "rotated 7, blurred, grain": noisy(blurred(turned(picture, 7), dots), grain, 2),
    }


def pictures(codes, receipt, grain):
    """Distorted pictures of all resolutions: name to file."""
    files = {}
    for code in codes:
        if code["receipt"] != receipt:
            continue
        with Image.open(WORK / code["name"]) as opened:
            picture = opened.convert("L")
        # Dots of a module: printed 0.45 mm (0.36 with receipt) wide, rounded up.
        dots = -(-code["dpi"] * (36 if receipt else 45) // 2540)
        for what, changed in distorted(picture, dots, grain).items():
            name = f"{code['dpi']} dpi, {what}"
            files[name] = WORK / f"distorted-{len(files)}.png"
            changed.save(files[name], dpi=(code["dpi"], code["dpi"]))
    return files


def compare(codes, receipt, text, strength):
    """Both readers over the same pictures: how many each reads, of how many."""
    files = pictures(codes, receipt, GRAINS[strength])
    kind = f"{'with receipt' if receipt else 'short'}, {strength} grain"
    tally = Tally(f"distorted, {kind}: nobody misreads, ours is OK or finds no code")
    zbar_read = own_read = 0
    lines = []
    for (name, file), report in zip(files.items(), verify(files.values()), strict=True):
        seen = zbar(file)
        tally.case(f"{name}: zbarimg", seen in (None, text), "another text")
        tally.case(f"{name}: xuefen", report["code"] in ("OK", "E00"), report["code"])
        zbar_read += seen == text
        own_read += report["code"] == "OK"
        if seen != text or report["code"] != "OK":
            lines.append(f"      {name}: zbarimg {'reads it' if seen == text else 'does not'}, xuefen {report['code']}")
    tally.end()
    print(f"    read: zbarimg {zbar_read} of {len(files)}, xuefen {own_read} of {len(files)}", *lines, sep="\n")
    return zbar_read, own_read, len(files)


def main():
    codes = json.loads((WORK / "ready.json").read_text("utf-8"))["codes"]
    whole = Tally("zbarimg reads our codes as drawn")
    texts = {}
    for code in codes:
        texts.setdefault(code["receipt"], zbar(WORK / code["name"]))
        whole.case(code["name"], zbar(WORK / code["name"]) == texts[code["receipt"]] is not None, "not read")
        with Image.open(WORK / code["name"]) as picture:
            per_inch = picture.info["dpi"][0]
            whole.case(f"{code['name']}: says its resolution", abs(per_inch - code["dpi"]) < 1, per_inch)
    for receipt, name in ((False, "qr-short.txt"), (True, "qr-receipt.txt")):
        whole.equal(f"{name}: the same text at every resolution", texts[receipt], (WORK / name).read_bytes().strip())
    whole.end()

    own = Tally("xuefen verify reads our codes as drawn")
    for code, report in zip(codes, verify([WORK / code["name"] for code in codes]), strict=True):
        own.equal(code["name"], report["code"], "OK")
    own.end()

    read = {
        (receipt, strength): compare(codes, receipt, texts[receipt], strength)
        for receipt in (False, True) for strength in GRAINS
    }
    enough = Tally("distorted short codes, light grain: readers reach their mark")
    zbar_read, own_read, number = read[False, "light"]
    enough.equal("how many there are", number, 24)
    enough.case("zbarimg", zbar_read >= ZBAR_AT_LEAST, zbar_read)
    enough.case("xuefen", own_read >= OWN_AT_LEAST, own_read)
    enough.end()
    finish()


if __name__ == "__main__":
    main()
