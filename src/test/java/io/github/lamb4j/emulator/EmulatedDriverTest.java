package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceAttribute;
import io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceRange;
import io.github.lamb4j.internal.cuda.driver.CudaDriver.Launch;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The driver interface of the emulator. */
class EmulatedDriverTest {

  private static final byte[] NOTHING = Ptx.kernel(".param .u32 x", "\nret;\n");

  private final EmulatedDriver driver = new EmulatedDriver();

  private static int code(Executable call) {
    return assertThrows(CudaException.class, call).code();
  }

  private static String finding(Executable call) {
    return assertThrows(EmulatorException.class, call).getMessage();
  }

  @Test
  void shouldAllocateAddressesLikeADevice() {
    long a = driver.allocate(1000, "a");
    long b = driver.allocate(1000, "b");
    assertTrue(a > 1L << 32 && a % 256 == 0 && b % 256 == 0);
    assertTrue(Math.abs(b - a) > 2000);
    assertEquals(new DeviceRange(a, 1000), driver.rangeOf(a + 4));
    assertNull(driver.rangeOf(a + 1000));
    assertNull(driver.rangeOf(12));
  }

  @Test
  void shouldRunOutOfMemory() {
    EmulatedDriver small = new EmulatedDriver(EmulatedDevice.SMALL.withTotalMemory(1000), 1);
    long a = small.allocate(600, "a");
    assertEquals(400, small.memory().free());
    CudaException e = assertThrows(CudaException.class, () -> small.allocate(600, "weights"));
    assertEquals(2, e.code());
    assertTrue(e.getMessage().contains("weights"));
    small.free(a);
    small.allocate(600, "b");
    assertEquals(1, code(() -> small.allocate(0, "nothing")));
  }

  @Test
  void shouldSupportHugeAllocations() {
    long bytes = (1L << 33) + 4096;
    long huge = driver.allocate(bytes, "huge");
    ByteBuffer word = Ptx.argument(0x1234567890L);
    driver.copyToDevice(huge + bytes - 8, word, null);
    ByteBuffer back = Ptx.buffer(8);
    driver.copyToHost(back, huge + bytes - 8, null);
    assertEquals(0x1234567890L, back.getLong(0));
    driver.clear(huge, bytes, null);
    driver.copyToHost(back, huge + (1L << 32) + 8, null);
    assertEquals(0, back.getLong(0));
    String body =
        """

        .reg .b64 %d<4>;
        ld.param.u64 %d0, [out];
        add.u64 %d0, %d0, 8589938680;
        st.global.u64 [%d0], 77;
        ret;
        """;
    Ptx.launch(driver, Ptx.kernel(".param .u64 out", body), 1, 1, 0, Ptx.argument(huge));
    driver.copyToHost(back, huge + bytes - 8, null);
    assertEquals(77, back.getLong(0));
  }

  @Test
  void shouldCopyAtOddOffsetsWithoutMovingBufferPositions() {
    long a = driver.allocate(64, "a");
    ByteBuffer source = Ptx.buffer(16).putInt(4, 5).putInt(8, 6).position(4).limit(12);
    driver.copyToDevice(a + 4, source, null);
    assertEquals(8, source.remaining());
    ByteBuffer target = Ptx.buffer(8);
    driver.copyToHost(target, a + 4, null);
    assertEquals(8, target.remaining());
    assertEquals(5, target.getInt(0));
    assertEquals(6, target.getInt(4));
  }

  @Test
  void shouldCheckCopiesAndClears() {
    long a = driver.allocate(64, "moments");
    assertTrue(finding(() -> driver.copyToDevice(a + 60, Ptx.buffer(8), null)).contains("moments"));
    assertTrue(finding(() -> driver.copyToHost(Ptx.buffer(8), a, null)).contains("uninitialized"));
    assertTrue(finding(() -> driver.clear(a, 65, null)).contains("out of bounds"));
    assertTrue(
        finding(() -> driver.copyToDevice(a, ByteBuffer.allocate(4), null)).contains("direct"));
    driver.allowCopiesOfUndefinedBytes(true);
    ByteBuffer poison = Ptx.buffer(4);
    driver.copyToHost(poison, a, null);
    assertEquals(0xa5a5a5a5, poison.getInt(0));
    // A gap of four bytes is taken to be padding.
    driver.allowCopiesOfUndefinedBytes(false);
    driver.clear(a, 28, null);
    driver.clear(a + 32, 32, null);
    driver.copyToHost(Ptx.buffer(64), a, null);
  }

  @Test
  void shouldReportLeaks() {
    long a = driver.allocate(64, "first moments");
    long module = driver.loadModule(NOTHING);
    long event = driver.createEvent();
    String left = finding(driver::close);
    assertTrue(left.contains("first moments") && left.contains("module") && left.contains("event"));
    driver.free(a);
    assertTrue(finding(() -> driver.free(a)).contains("freed"));
    assertTrue(finding(() -> driver.free(a + 4)).contains("first moments"));
    driver.unloadModule(module);
    driver.destroyEvent(event);
    driver.close();
  }

  @Test
  void shouldTrackTheCurrentContextOfEachThread() throws InterruptedException {
    assertNotEquals(0, driver.currentContext());
    long[] elsewhere = {-1};
    int[] code = new int[1];
    Thread thread =
        new Thread(
            () -> {
              elsewhere[0] = driver.currentContext();
              code[0] = code(() -> driver.allocate(4, "x"));
            });
    thread.start();
    thread.join();
    assertEquals(0, elsewhere[0]);
    assertEquals(201, code[0]);
    driver.makeCurrent(12345);
    assertEquals(12345, driver.currentContext());
    assertEquals(201, code(() -> driver.synchronize(null)));
    driver.retainPrimaryContext(0);
    assertEquals(driver.context(), driver.currentContext());
    assertTrue(finding(driver::close).contains("primary context"));
    driver.releasePrimaryContext(0);
    driver.close();
    assertEquals(101, code(() -> driver.retainPrimaryContext(1)));
  }

  @ParameterizedTest
  @EnumSource(
      value = Call.class,
      names = {"ALLOCATE", "CLEAR", "ENQUEUE", "SYNCHRONIZE"})
  void shouldInjectFailures(Call call) {
    long a = driver.allocate(64, "a");
    long function = driver.function(driver.loadModule(NOTHING), "test");
    Launch launch = driver.prepare(function, "test", 1, 1, 0, Ptx.argument(1));
    Executable run =
        switch (call) {
          case ALLOCATE -> () -> driver.allocate(4, "b");
          case CLEAR -> () -> driver.clear(a, 4, null);
          case ENQUEUE -> () -> launch.enqueue(null);
          default -> () -> driver.synchronize(null);
        };
    driver.fail(call, 2, 719);
    org.junit.jupiter.api.Assertions.assertDoesNotThrow(run);
    assertEquals(719, code(run));
    org.junit.jupiter.api.Assertions.assertDoesNotThrow(run);
  }

  @Test
  void shouldRefuseModulesThatTheDeviceCannotRun() {
    EmulatedDriver old = new EmulatedDriver(EmulatedDevice.SMALL.withDriverVersion(11080), 1);
    assertEquals(222, code(() -> old.loadModule(NOTHING)));
    new EmulatedDriver(EmulatedDevice.SMALL.withDriverVersion(12000), 1).loadModule(NOTHING);
    EmulatedDriver weak = new EmulatedDriver(EmulatedDevice.SMALL.withComputeCapability(75), 1);
    assertEquals(209, code(() -> weak.loadModule(NOTHING)));
    assertEquals(7, weak.attribute(DeviceAttribute.COMPUTE_CAPABILITY_MAJOR));
    assertEquals(5, weak.attribute(DeviceAttribute.COMPUTE_CAPABILITY_MINOR));
    assertTrue(finding(() -> driver.loadModule(new byte[] {'x'})).contains("zero byte"));
  }

  @Test
  void shouldRefuseLaunchesThatDoNotFit() {
    byte[] ptx = Ptx.module(".visible .entry test(.param .u32 x)\n.maxntid 64, 1, 1\n{ ret; }\n");
    assertEquals(1, code(() -> Ptx.launch(driver, ptx, 1, 65, 0, Ptx.argument(1))));
    assertEquals(1, code(() -> Ptx.launch(driver, ptx, 0, 64, 0, Ptx.argument(1))));
    assertEquals(1, code(() -> Ptx.launch(driver, ptx, 1, 64, 300_000, Ptx.argument(1))));
    assertEquals(1, code(() -> Ptx.launch(driver, NOTHING, 1, 1025, 0, Ptx.argument(1))));
    assertTrue(finding(() -> Ptx.launch(driver, ptx, 1, 1, 0)).contains("1 parameters, not 0"));
    assertTrue(
        finding(() -> Ptx.launch(driver, ptx, 1, 1, 0, Ptx.argument(1L))).contains("4 bytes"));
    long module = driver.loadModule(ptx);
    assertEquals(500, code(() -> driver.function(module, "other")));
    long function = driver.function(module, "test");
    Launch launch = driver.prepare(function, "test", 1, 1, 0, Ptx.argument(1));
    launch.enqueue(null);
    driver.unloadModule(module);
    assertEquals(400, code(() -> launch.enqueue(null)));
  }

  @Test
  void shouldReadArgumentsAtEveryLaunch() {
    long out = Ptx.upload(driver, "output", 0);
    ByteBuffer value = Ptx.argument(3);
    String body =
        """

        .reg .b32 %r<2>;
        .reg .b64 %d<2>;
        ld.param.u64 %d0, [out];
        ld.param.u32 %r0, [x];
        st.global.u32 [%d0], %r0;
        ret;
        """;
    long module = driver.loadModule(Ptx.kernel(".param .u64 out, .param .u32 x", body));
    Launch launch =
        driver.prepare(driver.function(module, "test"), "test", 1, 1, 0, Ptx.argument(out), value);
    launch.enqueue(null);
    assertEquals(3, Ptx.download(driver, out, 1)[0]);
    value.putInt(0, 4);
    launch.enqueue(null);
    assertEquals(4, Ptx.download(driver, out, 1)[0]);
  }

  /** Each thread writes its index, computed from x, y and z, where CUDA's numbering puts it. */
  @Test
  void shouldNumberThreadsOfThreeDimensions() {
    StringBuilder body =
        new StringBuilder("\n.reg .b32 %r<4>;\n.reg .b64 %d<2>;\nld.param.u64 %d0, [out];\n");
    body.append("mov.u32 %r0, 0;\n");
    for (String extent :
        new String[] {"ctaid.z", "ctaid.y", "ctaid.x", "tid.z", "tid.y", "tid.x"}) {
      body.append("mov.u32 %%r1, %%n%s;\nmov.u32 %%r2, %%%s;\n".formatted(extent, extent));
      body.append("mad.lo.u32 %r0, %r0, %r1, %r2;\n");
    }
    body.append("mad.wide.u32 %d0, %r0, 4, %d0;\nmov.u32 %r3, %laneid;\n");
    body.append("mad.lo.u32 %r0, %r0, 100, %r3;\nst.global.u32 [%d0], %r0;\nret;\n");
    long out = driver.allocate(4 * 24 * 60, "out");
    long module = driver.loadModule(Ptx.kernel(".param .u64 out", body.toString()));
    driver.launch(
        driver.function(module, "test"),
        new Dimensions(4, 3, 2),
        new Dimensions(3, 4, 5),
        0,
        null,
        Ptx.argument(out));
    int[] values = Ptx.download(driver, out, 24 * 60);
    for (int i = 0; i < values.length; i++) assertEquals(100 * i + i % 60 % 32, values[i]);
    assertEquals(24, driver.lastLaunch().grid());
    assertEquals(60, driver.lastLaunch().threads());
  }

  @ParameterizedTest
  @CsvSource({
    "1, 65536, 1, 1, 1, 1",
    "1, 1, 65536, 1, 1, 1",
    "1, 0, 1, 1, 1, 1",
    "1, 1, 1, 1, 1, 65",
    "1, 1, 1, 32, 33, 1",
    "1, 1, 1, 1, -1, -1"
  })
  void shouldRefuseDimensionsBeyondTheLimits(int gx, int gy, int gz, int bx, int by, int bz) {
    long function = driver.function(driver.loadModule(NOTHING), "test");
    Dimensions grid = new Dimensions(gx, gy, gz);
    Dimensions block = new Dimensions(bx, by, bz);
    assertEquals(1, code(() -> driver.launch(function, grid, block, 0, null, Ptx.argument(1))));
  }

  @Test
  void shouldTellTheSizesOfParameters() {
    String parameters =
        ".param .u64 a, .param .u8 b, .param .align 8 .b8 c[24], .param .f32 d, .param .v2 .f64 e";
    long module = driver.loadModule(Ptx.kernel(parameters, "ret;"));
    assertArrayEquals(
        new int[] {8, 1, 24, 4, 16}, driver.parameterSizes(driver.function(module, "test")));
    assertEquals(400, code(() -> driver.parameterSizes(12)));
  }

  @Test
  void shouldFindVariablesByName() {
    long module =
        driver.loadModule(Ptx.module(".const .f32 taps[2] = {1.0, 2.0};\n.global .u32 count = 7;"));
    DeviceRange taps = driver.variable(module, "taps");
    assertEquals(8, taps.bytes());
    assertEquals(Float.floatToRawIntBits(2), Ptx.download(driver, taps.start(), 2)[1]);
    assertEquals(7, Ptx.download(driver, driver.variable(module, "count").start(), 1)[0]);
    assertEquals(500, code(() -> driver.variable(module, "other")));
  }

  @Test
  void shouldLoadModulesOfWhichSomeKernelsCannotRun() {
    String text =
        """
        .entry good() { ret; }
        .entry bad() {
        .reg .b32 %r<2>;
        frobnicate.u32 %r0, %r1;
        }
        .entry worse() {
        .frob 3;
        { ret; } }
        .entry fine() { ret; }
        """;
    long module = driver.loadModule(Ptx.module(text));
    driver.function(module, "good");
    driver.function(module, "fine");
    String bad = finding(() -> driver.function(module, "bad"));
    assertTrue(bad.contains("kernel bad") && bad.contains("PTX line 7: frobnicate.u32"), bad);
    String worse = finding(() -> driver.function(module, "worse"));
    assertTrue(worse.contains("kernel worse") && worse.contains("PTX line 10:"), worse);
  }

  @Test
  void shouldMeasureTime() {
    long start = driver.createEvent();
    long end = driver.createEvent();
    assertEquals(400, code(() -> driver.elapsedMillis(start, end)));
    driver.recordEvent(start, null);
    Ptx.launch(driver, NOTHING, 1000, 32, 0, Ptx.argument(1));
    driver.recordEvent(end, null);
    assertTrue(driver.elapsedMillis(start, end) > 0);
  }
}
