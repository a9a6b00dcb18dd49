package io.github.lamb4j.emulator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;

/** A bound kernel. */
final class Kernel {

  private static final int MOST_THREADS = 1024;

  /** The position of a parameter in the parameter block. */
  record Parameter(int offset, int bytes) {}

  /** A variable in static shared memory. */
  record SharedVariable(int offset, int bytes) {}

  final String name;
  final int maxThreads;
  final boolean exactThreads;
  final List<Parameter> parameters;
  final int parameterBytes;
  final List<SharedVariable> shared;

  /** The static shared memory on a GPU, without the gaps between variables. */
  final int staticSharedBytes;

  /** Offset of dynamic shared memory. */
  final int dynamicShared;

  final int localBytes;
  final Instruction[] code;

  /** Initial registers of a warp, 32 lanes each, including constants. */
  final long[] registers;

  /** Initial predicates of a warp, one bit per lane. */
  final int[] predicates;

  /** The slots of the special registers. */
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

  /** The number of blocks resident on the device at once, or 0 if the launch does not fit. */
  int residentBlocks(EmulatedDevice device, int threads, int dynamicSharedBytes) {
    int most = maxThreads == 0 ? MOST_THREADS : maxThreads;
    if (threads <= 0 || threads > most || exactThreads && threads != most) return 0;
    return device.residentBlocks(threads, staticSharedBytes + dynamicSharedBytes);
  }

  int[] parameterSizes() {
    return parameters.stream().mapToInt(Parameter::bytes).toArray();
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
            "parameter %d of kernel %s must have %d bytes in native order"
                .formatted(i, name, parameter.bytes()));
      }
      for (int b = 0; b < parameter.bytes(); b++) {
        page.put(parameter.offset() + b, 1, argument.get(b));
      }
    }
    return page;
  }
}
