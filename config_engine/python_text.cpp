#include "config_engine/python_text.hpp"

#include <charconv>
#include <cmath>

#include "config_engine/utf8.hpp"

namespace cfgtool {

namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

void append_hex(std::string& out, uint32_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    out += kHexDigits[value >> shift & 0xF];
}

char quote_for(std::string_view text) {
  const bool only_single = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  return only_single ? '"' : '\'';
}

/// The escapes that str and bytes share. \returns whether it was one.
bool append_escape(std::string& out, uint32_t value, char quote) {
  switch (value) {
    case '\n':
      out += "\\n";
      return true;
    case '\r':
      out += "\\r";
      return true;
    case '\t':
      out += "\\t";
      return true;
    case '\\':
      out += "\\\\";
      return true;
    default:
      if (value != static_cast<unsigned char>(quote)) return false;
      out += '\\';
      out += quote;
      return true;
  }
}

void append_repr(std::string& out, std::string_view text) {
  const char quote = quote_for(text);
  out += quote;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text.substr(at, 4));
    if (append_escape(out, point.value, quote)) {
      // done
    } else if (is_printable(point.value)) {
      out += text.substr(at, point.bytes);
    } else if (point.value < 0x100) {
      out += "\\x";
      append_hex(out, point.value, 2);
    } else if (point.value < 0x10000) {
      out += "\\u";
      append_hex(out, point.value, 4);
    } else {
      out += "\\U";
      append_hex(out, point.value, 8);
    }
    at += point.bytes;
  }
  out += quote;
}

void append_repr_bytes(std::string& out, std::string_view bytes) {
  const char quote = quote_for(bytes);
  out += 'b';
  out += quote;
  for (const char c : bytes) {
    const uint32_t byte = static_cast<unsigned char>(c);
    if (append_escape(out, byte, quote)) continue;
    if (byte >= 0x20 && byte < 0x7F) {
      out += c;
    } else {
      out += "\\x";
      append_hex(out, byte, 2);
    }
  }
  out += quote;
}

void append_key_repr(std::string& out, const Key& key) {
  if (key.kind == KeyKind::kString) {
    append_repr(out, key.text);
  } else if (key.kind == KeyKind::kBytes) {
    append_repr_bytes(out, key.text);
  } else {
    out += key.text;
  }
}

/// A scalar, or an empty container.
void append_leaf(std::string& out, const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      out += "None";
      break;
    case NodeKind::kBool:
      out += node.boolean ? "True" : "False";
      break;
    case NodeKind::kInt:
      out += std::to_string(node.integer);
      break;
    case NodeKind::kBigInt:
      out += node.text();
      break;
    case NodeKind::kFloat:
      append_python_repr(out, node.real);
      break;
    case NodeKind::kBytes:
      append_repr_bytes(out, node.text());
      break;
    case NodeKind::kString:
    case NodeKind::kInterpolation:
    case NodeKind::kMissing:
      append_repr(out, node.text());
      break;
    case NodeKind::kMap:
      out += "{}";
      break;
    case NodeKind::kList:
      out += "[]";
      break;
  }
}

}  // namespace

void append_python_repr(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "nan";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-inf" : "inf";
    return;
  }
  char text[40];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
  std::string_view form(text, static_cast<size_t>(end - text));
  if (form[0] == '-') {
    out += '-';
    form.remove_prefix(1);
  }
  const size_t exponent_at = form.find('e');
  int exponent = 0;
  std::from_chars(form.data() + exponent_at + (form[exponent_at + 1] == '+' ? 2 : 1), form.data() + form.size(),
                  exponent);
  std::string digits(1, form[0]);
  if (exponent_at > 2) digits += form.substr(2, exponent_at - 2);
  // CPython's float_repr_style "short": format code 'r' uses an exponent below 1e-4 and from 1e16.
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (digits.size() > 1) out.append(1, '.').append(digits, 1);
    const int size = exponent < 0 ? -exponent : exponent;
    out += exponent < 0 ? "e-" : "e+";
    if (size < 10) out += '0';
    out += std::to_string(size);
  } else if (exponent < 0) {
    out.append("0.").append(static_cast<size_t>(-exponent - 1), '0').append(digits);
  } else {
    const size_t whole = static_cast<size_t>(exponent) + 1;
    if (digits.size() <= whole) {
      out.append(digits).append(whole - digits.size(), '0').append(".0");
    } else {
      out.append(digits, 0, whole).append(1, '.').append(digits, whole);
    }
  }
}

std::string python_repr(double value) {
  std::string out;
  append_python_repr(out, value);
  return out;
}

std::string python_repr(std::string_view text) {
  std::string out;
  append_repr(out, text);
  return out;
}

std::string python_repr_bytes(std::string_view bytes) {
  std::string out;
  append_repr_bytes(out, bytes);
  return out;
}

std::string python_repr(const Key& key) {
  std::string out;
  append_key_repr(out, key);
  return out;
}

std::string python_str(const Tree& tree, NodeId id) {
  const Node& node = tree[id];
  const bool is_text =
      node.kind == NodeKind::kString || node.kind == NodeKind::kInterpolation || node.kind == NodeKind::kMissing;
  return is_text ? std::string(node.text()) : python_repr(tree, id);
}

std::string python_repr(const Tree& tree, NodeId top) {
  std::string out;
  // A walk along the links instead of recursion: a tree may be deeper than the stack.
  NodeId id = top;
  while (true) {
    const Node& node = tree[id];
    if (node.is_container() && node.length > 0) {
      out += node.kind == NodeKind::kMap ? '{' : '[';
      id = node.child.first;
    } else {
      append_leaf(out, node);
      while (id != top && tree[id].next == kNoNode) {
        id = tree[id].parent;
        out += tree[id].kind == NodeKind::kMap ? '}' : ']';
      }
      if (id == top) return out;
      out += ", ";
      id = tree[id].next;
    }
    if (tree[tree[id].parent].kind == NodeKind::kMap) {
      append_key_repr(out, tree[id].key());
      out += ": ";
    }
  }
}

bool python_truth(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return false;
    case NodeKind::kBool:
      return node.boolean;
    case NodeKind::kInt:
      return node.integer != 0;
    case NodeKind::kFloat:
      return node.real != 0;
    default:
      return node.length != 0;
  }
}

}  // namespace cfgtool
