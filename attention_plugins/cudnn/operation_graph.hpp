/// \file
/// A Graph as cuDNN's descriptors.
#pragma once

#include <cstdint>
#include <vector>

#include "attention_plugins/cudnn/descriptor.hpp"
#include "attention_plugins/cudnn/graph.hpp"

namespace cfgtool::attention::cudnn {

/// The id of a tensor for cuDNN, which a variant pack names it by.
int64_t unique_id(const Graph& graph, TensorIndex tensor);

/// \param alignment bytes that the address of every tensor of the caller is a multiple of
/// Throws Failure where cuDNN takes the graph for wrong.
Descriptor make_operation_graph(const Library& library, const Graph& graph, int64_t alignment);

}  // namespace cfgtool::attention::cudnn
