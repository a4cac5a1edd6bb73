/// \file
/// Owns every text that a configuration comes from (files, command-line words, environment variables, built-in texts)
/// and turns a position back into file:line:column and the source line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cfgtool {

/// A byte in one of a SourceMap's texts: one offset into all of them laid end to end, so that a value carries its place
/// in four bytes. 0 is "nowhere".
struct SourcePos {
  uint32_t offset = 0;

  explicit operator bool() const { return offset != 0; }
  friend bool operator==(SourcePos a, SourcePos b) { return a.offset == b.offset; }
  friend SourcePos operator+(SourcePos pos, size_t bytes) {
    return pos ? SourcePos{pos.offset + static_cast<uint32_t>(bytes)} : pos;
  }
};

enum class SourceKind : uint8_t { kFile, kOverride, kFlag, kCommandLine, kEnvironment, kBuiltin };

/// A SourcePos in words. The views live as long as the SourceMap.
struct SourceLocation {
  SourceKind kind = SourceKind::kBuiltin;
  std::string_view
      name;  ///< a file's path as it was opened, the flag's, program's or variable's name, or the built-in text's
  uint32_t index = 0;          ///< an override's number, or a word's on the command line, 1-based; 0 for other kinds
  uint32_t line = 0;           ///< 1-based
  uint32_t column = 0;         ///< 1-based, in bytes
  std::string_view line_text;  ///< the whole line, without its line break
};

/// The texts. Not safe to add to from two threads at once; reading is.
class SourceMap {
 public:
  /// \param base its texts and positions are visible through this map as well; it may go on growing. A composition lays
  /// its own map (command-line words) over the map of the files, which many compositions share. `base` has no base
  /// itself.
  explicit SourceMap(std::shared_ptr<const SourceMap> base = nullptr);
  ~SourceMap();
  SourceMap(const SourceMap&) = delete;
  SourceMap& operator=(const SourceMap&) = delete;

  /// Takes the text; returns the position of its first byte. One position behind the last byte belongs to the text as
  /// well. \throws std::length_error when more than 2 GiB of text are added.
  SourcePos add(SourceKind kind, std::string name, std::string text, uint32_t index = 0);

  /// Of all texts added to this map (not its base): at most 2 GiB fit.
  size_t text_bytes() const;

  /// The whole text that `pos` lies in; empty for nowhere.
  std::string_view text(SourcePos pos) const;

  /// \return false if `pos` is nowhere or belongs to another map.
  bool locate(SourcePos pos, SourceLocation* out) const;

  /// Copies `text` to where it lives as long as the map: the home of decoded scalars and of text made while composing.
  std::string_view keep(std::string_view text);

 private:
  struct Buffer;
  struct Arena;
  const Buffer* find(SourcePos pos) const;

  std::shared_ptr<const SourceMap> base_;
  uint32_t next_offset_;
  std::vector<std::unique_ptr<Buffer>> buffers_;  // ascending by first offset
  std::unique_ptr<Arena> arena_;
};

/// `file:line:column`, `override 2:5`, `flag --config-name:1`, `command line:9` (the column in the whole of it),
/// `environment variable HOME` or `<name>:line:column`;
/// "nowhere" for none.
std::string to_string(const SourceLocation& location);

}  // namespace cfgtool
