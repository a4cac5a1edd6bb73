#include "config_engine/python_text.hpp"

#include <doctest/doctest.h>

#include "config_engine/base64.hpp"
#include "config_engine/python_number.hpp"
#include "recorded.hpp"

namespace cfgtool {

namespace {

std::string decimal(const PythonInt& value) {
  return value.fits ? std::to_string(value.value) : value.digits;
}

}  // namespace

TEST_CASE("numbers are read as Python's int() and float() read them") {
  for (const nlohmann::json& row : recorded("numbers", 60)) {
    const std::string text = row["text"];
    CAPTURE(text);
    for (const int base : {2, 8, 10, 16}) {
      CAPTURE(base);
      const std::string name = "int" + std::to_string(base);
      const std::optional<PythonInt> value = python_int(text, base);
      REQUIRE(value.has_value() == row.contains(name));
      if (value) CHECK(decimal(*value) == row[name].get<std::string>());
    }
    const std::optional<double> value = python_float(text);
    REQUIRE(value.has_value() == row.contains("float"));
    if (value) CHECK(python_repr(*value) == row["float"].get<std::string>());
  }
}

TEST_CASE("signs are turned around up to the edge of 64 bits") {
  CHECK(decimal(negated(*python_int("9223372036854775808"))) == "-9223372036854775808");
  CHECK(negated(*python_int("9223372036854775808")).fits);
  CHECK(decimal(negated(*python_int("-9223372036854775808"))) == "9223372036854775808");
  CHECK(decimal(negated(*python_int("-99999999999999999999"))) == "99999999999999999999");
  CHECK(decimal(negated(*python_int("5"))) == "-5");
}

TEST_CASE("containers are shown as OmegaConf's str() shows them") {
  const Reading reading(
      "l: [1, 'b', ~, yes, 1e-5, '${q}', '?"
      "?\?', {x: \"it's\"}, !!binary Yf8=, é, [], {}]\n"
      "d: {k: 1, 2: 3, true: {}, 1.5: [[]], !!binary aw==: 4}\n"
      "s: text\n"
      "b: 123456789012345678901234567890\n");
  REQUIRE(!reading.refused);
  const auto str = [&](const char* key) { return python_str(reading.tree, node_at(reading.tree, {key})); };
  CHECK(str("l") ==
        "[1, 'b', None, True, 1e-05, '${q}', '?"
        "?\?', {'x': \"it's\"}, b'a\\xff', 'é', [], {}]");
  CHECK(str("d") == "{'k': 1, 2: 3, True: {}, 1.5: [[]], b'k': 4}");
  CHECK(str("s") == "text");
  CHECK(str("b") == "123456789012345678901234567890");
  CHECK(python_repr(reading.tree, node_at(reading.tree, {"s"})) == "'text'");
}

TEST_CASE("base64 in both directions") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    CHECK(decode_base64(encode_base64(bytes)) == bytes);
    bytes += static_cast<char>(i);
  }
  CHECK(encode_base64("hi") == "aGk=\n");
  CHECK(decode_base64("a$G\nk=") == "hi");
  CHECK(decode_base64("aGk") == std::nullopt);
  CHECK(decode_base64("a") == std::nullopt);
  CHECK(decode_base64("") == "");
}

}  // namespace cfgtool
