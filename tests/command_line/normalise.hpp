/// \file
/// What record_corpus.py does to an output before it hashes it: what must differ between two programs or two machines
/// is taken away.
#pragma once

#include <string>

namespace cfgtool::test {

/// \param text what was printed \param trees the folder that becomes {trees}
/// The texts of hydra.help and hydra.hydra_help are left out, and the padding of tables with such a folder in them.
std::string normalised(std::string text, const std::string& trees);

}  // namespace cfgtool::test
