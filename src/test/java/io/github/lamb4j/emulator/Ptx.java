package io.github.lamb4j.emulator;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Small PTX programs for tests. */
final class Ptx {

  static final String HEADER = ".version 8.0\n.target sm_80\n.address_size 64\n";

  private static final int THREADS = 256;

  private Ptx() {}

  /** A module with one kernel {@code test}; its first line is line 4. */
  static byte[] kernel(String parameters, String body) {
    return module(".visible .entry test(%s) {%s}".formatted(parameters, body));
  }

  static byte[] module(String text) {
    return (HEADER + text + "\0").getBytes(StandardCharsets.US_ASCII);
  }

  static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  static ByteBuffer argument(long value) {
    return buffer(8).putLong(0, value);
  }

  static ByteBuffer argument(int value) {
    return buffer(4).putInt(0, value);
  }

  /** Launches the kernel {@code test} of a module. */
  static void launch(
      EmulatedDriver driver,
      byte[] ptx,
      int grid,
      int threads,
      int shared,
      ByteBuffer... arguments) {
    long module = driver.loadModule(ptx);
    try {
      long function = driver.function(module, "test");
      CudaDriver.Launch launch = driver.prepare(function, "test", grid, threads, shared, arguments);
      launch.enqueue(null);
    } finally {
      driver.unloadModule(module);
    }
  }

  static long upload(EmulatedDriver driver, String purpose, int... values) {
    long address = driver.allocate(4L * values.length, purpose);
    ByteBuffer bytes = buffer(4 * values.length);
    bytes.asIntBuffer().put(values);
    driver.copyToDevice(address, bytes, null);
    return address;
  }

  static int[] download(EmulatedDriver driver, long address, int count) {
    ByteBuffer bytes = buffer(4 * count);
    driver.copyToHost(bytes, address, null);
    int[] values = new int[count];
    bytes.asIntBuffer().get(values);
    return values;
  }

  /** Launches a kernel whose only parameter is the address of {@code count} zeroed ints. */
  static int[] run(String body, int grid, int threads, int count, long seed) {
    EmulatedDriver driver = new EmulatedDriver(EmulatedDevice.SMALL, seed);
    long out = Ptx.upload(driver, "output", new int[count]);
    launch(driver, kernel(".param .u64 out", body), grid, threads, 0, argument(out));
    int[] values = download(driver, out, count);
    driver.free(out);
    driver.close();
    return values;
  }

  /**
   * Evaluates an instruction.
   *
   * @param instruction the opcode, or an instruction with $0 for the result and $1, $2, ... for the
   *     operands
   * @param result the result's type; a predicate becomes 0 or 1
   * @param operands the operands' types
   * @param values the bits of the operands of each evaluation
   */
  static long[] evaluate(String instruction, Type result, Type[] operands, long[]... values) {
    StringBuilder body =
        new StringBuilder(
            """

            .reg .pred %p<8>;
            .reg .b16 %h<8>;
            .reg .b32 %r<16>;
            .reg .b64 %d<16>;
            ld.param.u64 %d8, [in];
            ld.param.u64 %d9, [out];
            ld.param.u32 %r11, [count];
            mov.u32 %r8, %tid.x;
            mov.u32 %r9, %ctaid.x;
            mov.u32 %r10, %ntid.x;
            mad.lo.s32 %r8, %r9, %r10, %r8;
            setp.ge.u32 %p7, %r8, %r11;
            @%p7 ret;
            """);
    body.append("mul.wide.u32 %%d10, %%r8, %d;\n".formatted(8 * operands.length));
    body.append("add.s64 %d10, %d10, %d8;\n");
    String text = instruction.contains("$0") ? instruction : instruction + " $0";
    for (int i = 0; i < operands.length; i++) {
      String register = register(operands[i], i + 1);
      String loaded = operands[i] == Type.PRED ? register(Type.B32, i + 1) : register;
      int bits = operands[i] == Type.PRED ? 32 : operands[i].bits;
      body.append("ld.global.b%d %s, [%%d10+%d];\n".formatted(bits, loaded, 8 * i));
      if (operands[i] == Type.PRED) {
        body.append("setp.ne.s32 %s, %s, 0;\n".formatted(register, loaded));
      }
      if (!instruction.contains("$0")) text += ", " + register;
      text = text.replace("$" + (i + 1), register);
    }
    body.append(text.replace("$0", register(result, 0))).append(";\n");
    body.append("mul.wide.u32 %d11, %r8, 8;\nadd.s64 %d11, %d11, %d9;\n");
    if (result == Type.PRED) body.append("selp.b32 %r0, 1, 0, %p0;\n");
    Type stored = result == Type.PRED ? Type.B32 : result;
    body.append("st.global.b%d [%%d11], %s;\nret;\n".formatted(stored.bits, register(stored, 0)));

    EmulatedDriver driver = new EmulatedDriver();
    int count = values.length;
    long in = driver.allocate(8L * count * operands.length, "operands");
    long out = driver.allocate(8L * count, "results");
    driver.clear(out, 8L * count, null);
    ByteBuffer bytes = buffer(8 * count * operands.length);
    for (long[] tuple : values) for (long value : tuple) bytes.putLong(value);
    driver.copyToDevice(in, bytes.flip(), null);
    launch(
        driver,
        kernel(".param .u64 in, .param .u64 out, .param .u32 count", body.toString()),
        (count + THREADS - 1) / THREADS,
        THREADS,
        0,
        argument(in),
        argument(out),
        argument(count));
    ByteBuffer results = buffer(8 * count);
    driver.copyToHost(results, out, null);
    long[] answers = new long[count];
    results.asLongBuffer().get(answers);
    return answers;
  }

  private static String register(Type type, int i) {
    return (type == Type.PRED ? "%p" : type.bits <= 16 ? "%h" : type.bits == 32 ? "%r" : "%d") + i;
  }

  static Type[] types(Type... types) {
    return types;
  }

  /** All pairs. */
  static long[][] pairs(long[] a, long[] b) {
    return Arrays.stream(a)
        .boxed()
        .flatMap(x -> Arrays.stream(b).mapToObj(y -> new long[] {x, y}))
        .toArray(long[][]::new);
  }

  static long[][] singles(long... a) {
    return Arrays.stream(a).mapToObj(x -> new long[] {x}).toArray(long[][]::new);
  }
}
