/// \file
/// A problem as cudnn-frontend's graphs.
#pragma once

#include <cudnn_frontend.h>

#include <memory>

#include "problem.hpp"

using Graph = cudnn_frontend::graph::Graph;

std::unique_ptr<Graph> make_forward(const Problem& problem, int compute_capability);
std::unique_ptr<Graph> make_backward(const Problem& problem, int compute_capability);
