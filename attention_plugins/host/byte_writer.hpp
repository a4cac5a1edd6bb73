/// \file
/// Receives what a plugin writes.
#pragma once

#include <new>
#include <string>

#include "attention_plugins/abi/attention_plugin.h"

namespace cfgtool::attention {

/// Appends to `all`, a std::string or std::vector of bytes, which must outlive it.
template <typename Bytes>
attn_writer writer_into(Bytes& all) {
  attn_writer writer{};
  writer.size = sizeof(writer);
  writer.context = &all;
  writer.write = [](void* context, const void* piece, uint64_t count) -> int32_t {
    try {
      const auto* begin = static_cast<const typename Bytes::value_type*>(piece);
      auto& bytes = *static_cast<Bytes*>(context);
      bytes.insert(bytes.end(), begin, begin + count);
      return 0;
    } catch (const std::bad_alloc&) {
      return 1;
    }
  };
  return writer;
}

}  // namespace cfgtool::attention
