"""Compares proto/base/limits.h with spec/params.toml: kMaxPacketBytes is params' max_packet_bytes."""
import re
import tomllib


def camel(name):
    return "k" + "".join(part.capitalize() for part in re.split(r"[_-]", name))


def evaluate(expression, known):
    """The value of a constant expression of limits.h; None if it is not one."""
    text = re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "", expression)
    text = re.sub(r"\b(0x[0-9a-fA-F]+|\d+)[uUlL]*\b", r"\1", text)
    text = re.sub(r"(?:std::\w+|Millis)\s*\{([^{}]*)\}", r"(\1)", text)
    if not re.fullmatch(r"[\w\s+\-*/()<]*", text):
        return None
    text = text.replace("/", "//")
    try:
        return eval(text, {"__builtins__": {}}, known)  # letters are names of `known` only
    except (NameError, SyntaxError):
        return None


def constants(*headers):
    """name -> (value, line) of every inline constexpr, in order; arrays are lists."""
    values, where = {}, {}
    for header in headers:
        text = re.sub(r"//[^\n]*", lambda m: " " * len(m.group(0)), header)
        for match in re.finditer(r"inline constexpr\s+((?:std::array<[^>]*>)|[\w:]+)\s+([^;]*);", text):
            line = text.count("\n", 0, match.start()) + 1
            array = re.fullmatch(r"(\w+)\s*\{([^{}]*)\}", match.group(2).strip(), re.S)
            if array:
                values[array.group(1)] = [evaluate(item, values) for item in array.group(2).split(",")]
                where[array.group(1)] = line
                continue
            for item in re.split(r",\s*(?=k[A-Z]\w*\s*=)", match.group(2)):
                name, _, expression = item.partition("=")
                value = evaluate(expression.strip(), values)
                if value is not None:
                    values[name.strip()], where[name.strip()] = value, line
    return values, where


def flatten(table, out=None):
    """key -> value of every parameter, whether written `name = 5` or `name = {value = 5, unit = "ms"}`."""
    out = {} if out is None else out
    for key, value in table.items():
        if isinstance(value, dict) and "value" in value:
            out[key] = value["value"]
        elif isinstance(value, dict):
            flatten(value, out)
        elif isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
            for entry in value:
                if "name" in entry and "value" in entry:
                    out[entry["name"]] = entry["value"]
        else:
            out[key] = value
    return out


def compare_texts(time_header, limits_header, params_text):
    values, where = constants(time_header, limits_header)
    compared, wrong = 0, []
    for name, value in flatten(tomllib.loads(params_text)).items():
        constant = name if name in values else camel(name)
        if constant in values:
            compared += 1
            if values[constant] != value:
                wrong.append((where[constant], f"{constant} is {values[constant]}, spec/params.toml says {value}"))
    return compared, wrong


def compare(root):
    params = root / "spec/params.toml"
    if not params.is_file():
        return 0, []
    compared, wrong = compare_texts((root / "proto/base/time.h").read_text(),
                                    (root / "proto/base/limits.h").read_text(), params.read_text())
    if compared < 20:
        wrong.append((1, f"only {compared} constants found in spec/params.toml: the two have drifted apart"))
    return compared, wrong
