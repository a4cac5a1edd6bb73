#include "config_engine/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace cfgtool {

namespace {
constexpr uint32_t kFirstOffset = 1;
// A map with a base numbers its own texts from here, so that the base may grow beside it.
constexpr uint32_t kFirstOverlayOffset = 0x80000000u;
constexpr size_t kFirstChunkBytes = 4 * 1024;
constexpr size_t kLargestChunkBytes = 64 * 1024;
}  // namespace

struct SourceMap::Buffer {
  SourceKind kind;
  uint32_t index;
  uint32_t first;
  std::string name;
  std::string text;
};

struct SourceMap::Arena {
  std::vector<std::unique_ptr<char[]>> chunks;
  char* free = nullptr;
  size_t left = 0;
  size_t next_size = kFirstChunkBytes;

  char* take(size_t bytes) {
    if (bytes > left) {
      const size_t size = std::max(bytes, next_size);
      next_size = std::min(2 * next_size, kLargestChunkBytes);
      chunks.push_back(std::unique_ptr<char[]>(new char[size]));
      free = chunks.back().get();
      left = size;
    }
    char* taken = free;
    free += bytes;
    left -= bytes;
    return taken;
  }
};

SourceMap::SourceMap(std::shared_ptr<const SourceMap> base)
    : base_(std::move(base)),
      next_offset_(base_ ? kFirstOverlayOffset : kFirstOffset),
      arena_(std::make_unique<Arena>()) {}

SourceMap::~SourceMap() = default;

SourcePos SourceMap::add(SourceKind kind, std::string name, std::string text, uint32_t index) {
  const uint64_t limit = base_ ? uint64_t{0xffffffffu} : uint64_t{kFirstOverlayOffset};
  if (uint64_t{next_offset_} + text.size() + 1 > limit)
    throw std::length_error("more than 2 GiB of configuration text");
  const SourcePos first{next_offset_};
  next_offset_ += static_cast<uint32_t>(text.size()) + 1;
  buffers_.push_back(std::make_unique<Buffer>(Buffer{kind, index, first.offset, std::move(name), std::move(text)}));
  return first;
}

size_t SourceMap::text_bytes() const {
  return next_offset_ - (base_ ? kFirstOverlayOffset : kFirstOffset);
}

const SourceMap::Buffer* SourceMap::find(SourcePos pos) const {
  if (!pos) return nullptr;
  if (base_ && pos.offset < kFirstOverlayOffset) return base_->find(pos);
  auto after = std::upper_bound(buffers_.begin(), buffers_.end(), pos.offset,
                                [](uint32_t offset, const auto& buffer) { return offset < buffer->first; });
  if (after == buffers_.begin()) return nullptr;
  const Buffer* buffer = std::prev(after)->get();
  return pos.offset - buffer->first <= buffer->text.size() ? buffer : nullptr;
}

std::string_view SourceMap::text(SourcePos pos) const {
  const Buffer* buffer = find(pos);
  return buffer ? std::string_view(buffer->text) : std::string_view();
}

bool SourceMap::locate(SourcePos pos, SourceLocation* out) const {
  const Buffer* buffer = find(pos);
  if (!buffer) return false;
  const std::string_view text = buffer->text;
  const size_t at = pos.offset - buffer->first;
  // Lines may have megabytes: string_view::rfind looks at each byte by itself.
  const auto* const newline = static_cast<const char*>(::memrchr(text.data(), '\n', at));
  const size_t line_begin = newline ? static_cast<size_t>(newline - text.data()) + 1 : 0;
  size_t line_end = std::min(text.find('\n', at), text.size());
  if (line_end > line_begin && text[line_end - 1] == '\r') --line_end;
  out->kind = buffer->kind;
  out->name = buffer->name;
  out->index = buffer->index;
  out->line = 1 + static_cast<uint32_t>(std::count(text.begin(), text.begin() + line_begin, '\n'));
  out->column = 1 + static_cast<uint32_t>(at - line_begin);
  out->line_text = text.substr(line_begin, line_end - line_begin);
  return true;
}

std::string_view SourceMap::keep(std::string_view text) {
  if (text.empty()) return {};
  char* home = arena_->take(text.size());
  std::memcpy(home, text.data(), text.size());
  return {home, text.size()};
}

std::string to_string(const SourceLocation& location) {
  switch (location.kind) {
    case SourceKind::kFile:
      return fmt::format("{}:{}:{}", location.name, location.line, location.column);
    case SourceKind::kOverride:
      return fmt::format("override {}:{}", location.index, location.column);
    case SourceKind::kFlag:
      return fmt::format("flag {}:{}", location.name, location.column);
    case SourceKind::kCommandLine:
      return fmt::format("command line:{}", location.column);
    case SourceKind::kEnvironment:
      return fmt::format("environment variable {}", location.name);
    case SourceKind::kBuiltin:
      break;
  }
  return location.name.empty() ? "nowhere" : fmt::format("<{}>:{}:{}", location.name, location.line, location.column);
}

}  // namespace cfgtool
