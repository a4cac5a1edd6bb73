/// \file
/// Reads files whole, and writes them so that nobody ever sees half of one, also when the program is killed or the disk
/// is full.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace cfgtool {

/// Puts a file with that content at `path`, in place of one that is there. It is written without a name and then given
/// one; a file system that cannot do that (NFS) gets it as `PATH.NUMBER.tmp` and renamed. Not forced to the disk: a
/// power cut may lose it. \param mode as for open(2) \throws std::system_error; what was at `path` is then as it was
void write_whole_file(const std::string& path, std::string_view content, mode_t mode = 0666);

/// All of a file; nothing, with errno, if it cannot be read or has more than 256 MiB. What is written into a pipe is
/// waited for, but not for somebody to open it.
std::optional<std::string> read_whole_file(const std::string& path);

}  // namespace cfgtool
