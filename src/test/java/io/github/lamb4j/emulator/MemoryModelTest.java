package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryModelTest {

  @Test
  void shouldReadTheSystemProperties() {
    assertEquals(MemoryModel.WEAK, MemoryModel.parse("weak", "0"));
    assertEquals(MemoryModel.SEQUENTIAL, MemoryModel.parse("sequential", "0"));
    assertEquals(new MemoryModel(true, -7), MemoryModel.parse("weak", "-7"));
  }

  @Test
  void shouldNameTheOptionsThatSelectIt() {
    assertEquals(
        "-Dio.github.lamb4j.emulator.memoryModel=weak -Dio.github.lamb4j.emulator.memorySeed=5",
        new MemoryModel(true, 5).toString());
  }

  @ParameterizedTest
  @CsvSource({
    "strong, 0, memoryModel is \"strong\": set it to weak or sequential",
    "weak, x, memorySeed is \"x\": set it to a 64-bit integer"
  })
  void shouldRefuseOtherValues(String kind, String seed, String message) {
    Exception e = assertThrows(IllegalArgumentException.class, () -> MemoryModel.parse(kind, seed));
    assertEquals("system property io.github.lamb4j.emulator." + message, e.getMessage());
  }

  /** The seed decides which loads are stale, and leaves the schedule alone. */
  @Test
  void shouldRepeatWithTheSameSeed() {
    assertEquals(waited(MemoryModel.SEQUENTIAL), waited(MemoryModel.SEQUENTIAL));
    assertEquals(waited(MemoryModel.WEAK), waited(MemoryModel.WEAK));
    long distinct =
        LongStream.range(0, 20).map(seed -> waited(new MemoryModel(true, seed))).distinct().count();
    assertTrue(distinct > 5, "distinct runs: " + distinct);
  }

  /** The instructions that two blocks need if one waits for the other. */
  private static long waited(MemoryModel model) {
    String body =
        """

        .reg .pred %p<4>;
        .reg .b32 %r<8>;
        .reg .b64 %d<2>;
        ld.param.u64 %d0, [out];
        mov.u32 %r0, %ctaid.x;
        mov.u32 %r1, 1;
        setp.eq.u32 %p0, %r0, 1;
        @%p0 bra Wait;
        st.relaxed.gpu.global.u32 [%d0], %r1;
        ret;
        Wait:
        ld.relaxed.gpu.global.u32 %r2, [%d0];
        setp.ne.u32 %p1, %r2, 1;
        @%p1 bra Wait;
        ret;
        """;
    EmulatedDriver driver = new EmulatedDriver(EmulatedDevice.SMALL, 1);
    driver.memoryModel(model);
    long out = Ptx.upload(driver, "output", new int[1]);
    Ptx.launch(driver, Ptx.kernel(".param .u64 out", body), 2, 1, 0, Ptx.argument(out));
    return driver.lastLaunch().instructions();
  }
}
