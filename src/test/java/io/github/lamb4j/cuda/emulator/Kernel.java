package io.github.lamb4j.cuda.emulator;

import java.util.List;
import java.util.Map;

/** A kernel, ready to run. */
final class Kernel {

  /** Where a parameter lies in the parameter block. */
  record Parameter(int offset, int bytes) {}

  /** A variable in static shared memory. */
  record SharedVariable(int offset, int bytes) {}

  final String name;
  final int maxThreads;
  final boolean exactThreads;
  final List<Parameter> parameters;
  final int parameterBytes;
  final List<SharedVariable> shared;

  /** What a GPU would count as static shared memory: without the gaps between the variables. */
  final int staticSharedBytes;

  /** Where dynamic shared memory starts. */
  final int dynamicShared;

  final int localBytes;
  final Instruction[] code;

  /** The registers of a warp as it starts: 32 lanes each, constants in their places. */
  final long[] registers;

  /** The predicates of a warp as it starts: a bit for each lane. */
  final int[] predicates;

  /** The places of the special registers. */
  final Map<String, Integer> specials;

  Kernel(KernelBuilder builder) {
    name = builder.function.name();
    maxThreads = builder.function.maxThreads();
    exactThreads = builder.function.exactThreads();
    parameters = builder.parameters();
    parameterBytes = builder.parameterBytes();
    shared = builder.shared();
    staticSharedBytes = builder.staticSharedBytes();
    dynamicShared = builder.dynamicShared();
    localBytes = builder.localBytes();
    code = builder.code();
    registers = builder.registers();
    predicates = builder.predicates();
    specials = builder.specials();
  }
}
