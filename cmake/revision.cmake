# Writes OUTPUT, a header with a number NAME that changes with the contents of FILES and with SALT.
set(all "${SALT}")
foreach(file ${FILES})
  file(SHA256 ${file} hash)
  string(APPEND all ${hash})
endforeach()
string(SHA256 revision "${all}")
string(SUBSTRING ${revision} 0 16 revision)
file(WRITE ${OUTPUT} "#pragma once
#include <cstdint>
namespace cfgtool {
inline constexpr uint64_t ${NAME} = 0x${revision};
}  // namespace cfgtool
")
