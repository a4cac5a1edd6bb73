/// \file
/// Computes what a graph of the cuDNN plugin says, operation by operation, in double precision and without cuDNN.
#pragma once

#include <map>
#include <vector>

#include "attention_plugins/cudnn/graph.hpp"

namespace cudnn_graph_test {

/// The tensors that lie in memory, each as its strides (and the offsets of its sequences) address it.
using Memory = std::map<cfgtool::attention::cudnn::Buffer, std::vector<double>>;

/// Reads the graph's inputs from `memory` and writes its outputs there, which are made as long as they need to be; what
/// lies behind a packed sequence's end is read as NaN, and not written; with kDBias, which sums over those rows too, it
/// is read as a large number. Nothing is rounded to
/// a tensor's type. \param kept what kRandom gives, [batch, heads_q, seq_q, seq_kv] of 0 and 1.
/// Throws std::runtime_error if the graph is not one: a virtual tensor that is read before it is made, or made twice;
/// an input that `memory` lacks or that is too short.
void interpret(const cfgtool::attention::cudnn::Graph& graph, const std::vector<double>& kept, Memory& memory);

}  // namespace cudnn_graph_test
