package io.github.lamb4j.emulator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;

/** A kernel, ready to run. */
final class Kernel {

  private static final int MOST_THREADS = 1024;

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

  /** How many blocks run at once, 0 if the launch does not fit. */
  int residentBlocks(EmulatedDevice device, int threads, int dynamicSharedBytes) {
    int most = maxThreads == 0 ? MOST_THREADS : maxThreads;
    if (threads <= 0 || threads > most || exactThreads && threads != most) return 0;
    return device.residentBlocks(threads, staticSharedBytes + dynamicSharedBytes);
  }

  /** The parameter block of a launch. */
  Page parameters(ByteBuffer[] arguments) {
    if (arguments.length != parameters.size()) {
      throw new EmulatorException(
          "kernel %s has %d parameters, not %d"
              .formatted(name, parameters.size(), arguments.length));
    }
    Page page = new Page(Math.max(16, parameterBytes));
    for (int i = 0; i < arguments.length; i++) {
      ByteBuffer argument = arguments[i];
      EmulatedDriver.expectDirect(argument);
      Parameter parameter = parameters.get(i);
      if (argument.order() != ByteOrder.nativeOrder() || argument.capacity() != parameter.bytes()) {
        throw new EmulatorException(
            "parameter %d of kernel %s has %d bytes in native order"
                .formatted(i, name, parameter.bytes()));
      }
      for (int b = 0; b < parameter.bytes(); b++) {
        page.put(parameter.offset() + b, 1, argument.get(b));
      }
    }
    return page;
  }
}
