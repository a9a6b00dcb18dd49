package io.github.lamb4j.emulator;

import static io.github.lamb4j.emulator.ChecksTest.SHARED;
import static io.github.lamb4j.emulator.ChecksTest.START;
import static io.github.lamb4j.emulator.ChecksTest.expect;
import static io.github.lamb4j.emulator.ChecksTest.fault;
import static io.github.lamb4j.emulator.ChecksTest.line;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Plants races one by one, each of which must be found, and accepts correct synchronization. */
class RacesTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void shouldFindAMissingBarrier(long seed) {
    String body =
        SHARED
            + """
            st.shared.u32 [%r5], %r1;
            xor.b32 %r6, %r3, 252;
            add.u32 %r7, %r4, %r6;
            ld.shared.u32 %r8, [%r7];
            ret;
            """;
    String message = fault(body, 1, 64, seed);
    // Depending on the schedule, the reader finds the data missing or unsynchronized.
    assertTrue(message.contains("race") || message.contains("uninitialized"), message);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void shouldFindAMissingBarrierBeforeReuse(long seed) {
    String body =
        SHARED
            + """
            setp.eq.u32 %p1, %r1, 0;
            @%p1 st.shared.u32 [%r4], %r1;
            bar.sync 0;
            ld.shared.u32 %r6, [%r4];
            @%p1 st.shared.u32 [%r4], %r1;
            ret;
            """;
    expect(fault(body, 1, 64, seed), "race", "shared memory");
    String repaired =
        body.replace(
            "@%p1 st.shared.u32 [%r4], %r1;\nret",
            "bar.sync 0;\n@%p1 st.shared.u32 [%r4], %r1;\nret");
    Ptx.run(repaired, 1, 64, 64, seed);
  }

  @Test
  void shouldFindAMissingBarrierWithinAWarp() {
    String body =
        SHARED
            + """
            st.shared.u32 [%r5], %r1;
            xor.b32 %r6, %r3, 4;
            add.u32 %r7, %r4, %r6;
            ld.shared.u32 %r8, [%r7];
            ret;
            """;
    expect(fault(body, 1, 32, 1), "race: reads", line(body, "st.shared"));
    Ptx.run(body.replace("xor.b32", "bar.warp.sync -1;\nxor.b32"), 1, 32, 64, 1);
  }

  @Test
  void shouldFindTwoThreadsThatStoreToOneAddress() {
    String body = START + "st.global.u32 [%d0], %r1;\nret;\n";
    expect(fault(body, 1, 2, 1), "race: writes", "'output'");
    expect(fault(body, 2, 1, 1), "race: writes", "block 0, thread 0 wrote at PTX line");
  }

  /** Block 0 writes data and sets a flag; the others wait for the flag and read the data. */
  private static final String MESSAGE =
      START
          + """
          setp.ne.u32 %p1, %r0, 0;
          @%p1 bra Wait;
          mul.wide.u32 %d1, %r1, 4;
          add.u64 %d1, %d1, %d0;
          st.global.u32 [%d1+4], 7;
          bar.sync 0;
          setp.ne.u32 %p2, %r1, 0;
          @%p2 ret;
          STORE [%d0], 1;
          ret;
          Wait:
          setp.ne.u32 %p2, %r1, 0;
          @%p2 bra Meet;
          Spin:
          LOAD %r3, [%d0];
          setp.eq.u32 %p2, %r3, 0;
          @%p2 bra Spin;
          Meet:
          bar.sync 0;
          ld.global.u32 %r4, [%d0+4];
          ret;
          """;

  @ParameterizedTest
  @CsvSource({
    "st.release.gpu.global.u32, ld.acquire.gpu.global.u32",
    "fence.acq_rel.gpu; st.relaxed.gpu.global.u32, ld.acquire.gpu.global.u32",
    "membar.gl; st.volatile.global.u32, ld.acquire.gpu.global.u32",
    "red.release.gpu.global.add.u32, ld.acquire.gpu.global.u32"
  })
  void shouldAcceptReleaseAndAcquire(String store, String load) {
    for (long seed = 1; seed < 6; seed++) {
      Ptx.run(MESSAGE.replace("STORE", store).replace("LOAD", load), 3, 32, 64, seed);
    }
  }

  @Test
  void shouldAcceptAFenceAfterARelaxedLoad() {
    String body =
        MESSAGE
            .replace("STORE", "st.release.gpu.global.u32")
            .replace("LOAD", "ld.relaxed.gpu.global.u32")
            .replace("Meet:", "fence.acq_rel.gpu;\nMeet:");
    Ptx.run(body, 3, 32, 64, 1);
  }

  @ParameterizedTest
  @CsvSource({
    "st.relaxed.gpu.global.u32, ld.acquire.gpu.global.u32",
    "st.release.gpu.global.u32, ld.relaxed.gpu.global.u32",
    "st.release.cta.global.u32, ld.acquire.gpu.global.u32",
    "st.release.gpu.global.u32, ld.acquire.cta.global.u32",
    "st.volatile.global.u32, ld.volatile.global.u32",
    "st.global.u32, ld.acquire.gpu.global.u32",
    "st.release.gpu.global.u32, ld.global.u32"
  })
  void shouldFindAMissingReleaseOrAcquire(String store, String load) {
    String body = MESSAGE.replace("STORE", store).replace("LOAD", load);
    for (long seed = 1; seed < 6; seed++) expect(fault(body, 3, 32, seed), "race");
  }

  /** A fence of the block's scope orders nothing between blocks. */
  @Test
  void shouldFindAnAcquireWithTheScopeOfTheBlock() {
    String body =
        MESSAGE
            .replace("STORE", "st.release.gpu.global.u32")
            .replace("LOAD", "ld.relaxed.gpu.global.u32")
            .replace("Meet:", "membar.cta;\nMeet:");
    for (long seed = 1; seed < 6; seed++) expect(fault(body, 3, 32, seed), "race");
  }

  @Test
  void shouldContinueReleaseSequencesThroughUpdates() {
    // The last of three blocks to take a ticket reads the data that the others wrote.
    String body =
        START
            + """
            add.u32 %r3, %r0, 1;
            mul.wide.u32 %d1, %r3, 4;
            add.u64 %d1, %d1, %d0;
            st.global.u32 [%d1], %r0;
            atom.acq_rel.gpu.global.inc.u32 %r4, [%d0], 2;
            setp.ne.u32 %p1, %r4, 2;
            @%p1 ret;
            ld.global.u32 %r5, [%d0+4];
            ld.global.u32 %r6, [%d0+8];
            ld.global.u32 %r7, [%d0+12];
            ret;
            """;
    for (long seed = 1; seed < 10; seed++) Ptx.run(body, 3, 1, 64, seed);
    String after = body.replace("acq_rel.gpu.global.inc", "global.inc.acq_rel.gpu");
    for (long seed = 1; seed < 10; seed++) Ptx.run(after, 3, 1, 64, seed);
    String lost = body.replace("acq_rel", "relaxed");
    for (long seed = 1; seed < 10; seed++) expect(fault(lost, 3, 1, seed), "race: reads");
    String half = body.replace("acq_rel", "acquire");
    for (long seed = 1; seed < 10; seed++) expect(fault(half, 3, 1, seed), "race: reads");
  }

  @Test
  void shouldFindAnUnorderedWriteAfterReads() {
    // All blocks read a table, one writes to it.
    String body =
        START
            + """
            ld.global.u32 %r3, [%d0];
            setp.ne.u32 %p1, %r0, 2;
            @%p1 ret;
            st.global.u32 [%d0], 1;
            ret;
            """;
    for (long seed = 1; seed < 10; seed++) expect(fault(body, 3, 64, seed), "race");
  }

  @Test
  void shouldOrderOnlyTheThreadsThatWaitAtABarrier() {
    // Warp 0 stores and arrives; warp 1 waits for it. Later stores of warp 0 are not ordered.
    String body =
        SHARED
            + """
            setp.ge.u32 %p1, %r1, 32;
            @%p1 bra Wait;
            st.shared.u32 [%r5], %r1;
            barrier.arrive 1, 64;
            ret;
            Wait:
            barrier.sync 1, 64;
            ld.shared.u32 %r6, [%r5+-128];
            ret;
            """;
    for (long seed = 1; seed < 6; seed++) {
      Ptx.run(body, 1, 64, 64, seed);
      String later = body.replace("64;\nret;\nWait", "64;\nst.shared.u32 [%r5], 7;\nret;\nWait");
      expect(fault(later, 1, 64, seed), "race");
    }
  }

  @Test
  void shouldTrackBytesOfAWordSeparately() {
    // Storing different halves or bytes of a word is not a race; storing the same half twice is.
    String body =
        START
            + """
            .reg .b16 %h<2>;
            cvt.u16.u32 %h0, %r1;
            mul.wide.u32 %d1, %r1, 2;
            add.u64 %d1, %d1, %d0;
            st.global.u16 [%d1], %h0;
            mul.wide.u32 %d2, %r1, 1;
            add.u64 %d2, %d2, %d0;
            st.global.u8 [%d2+128], %h0;
            ret;
            """;
    int[] values = Ptx.run(body, 1, 32, 64, 1);
    expect(fault(body, 2, 32, 1), "race: writes");
    assertEquals(1 << 16, values[0]);
    assertEquals(0x03020100, values[32]);
  }

  @Test
  void shouldOrderLaunches() {
    // Threads write locations that other threads of the previous launch read and wrote.
    EmulatedDriver driver = new EmulatedDriver();
    long out = Ptx.upload(driver, "output", new int[64]);
    String body =
        START
            + """
            ld.param.u32 %r3, [turn];
            add.u32 %r4, %r1, %r3;
            and.b32 %r4, %r4, 63;
            mul.wide.u32 %d1, %r4, 4;
            add.u64 %d1, %d1, %d0;
            ld.global.u32 %r5, [%d1];
            add.u32 %r5, %r5, 1;
            st.global.u32 [%d1], %r5;
            ret;
            """;
    byte[] ptx = Ptx.kernel(".param .u64 out, .param .u32 turn", body);
    for (int turn = 0; turn < 5; turn++) {
      Ptx.launch(driver, ptx, 1, 64, 0, Ptx.argument(out), Ptx.argument(turn));
    }
    assertTrue(IntStream.of(Ptx.download(driver, out, 64)).allMatch(v -> v == 5));
    assertEquals(5, driver.launches().size());
  }

  /** The loop of the CUDA Programming Guide: its first load is weak. */
  private static final String COMPARE_AND_SWAP =
      START
          + """
          LOAD %r4, [%d0];
          Again:
          add.u32 %r5, %r4, 1;
          atom.global.cas.b32 %r6, [%d0], %r4, %r5;
          setp.ne.u32 %p1, %r6, %r4;
          mov.u32 %r4, %r6;
          @%p1 bra Again;
          ret;
          """;

  @Test
  void shouldNameTheRemediesForAWeakReadOfAnAtomic() {
    String weak = COMPARE_AND_SWAP.replace("LOAD", "ld.global.u32");
    for (long seed = 1; seed < 6; seed++) {
      expect(fault(weak, 4, 64, seed), "race: ", "volatile", "allowWeakReadsOfAtomics(true)");
      String strong = COMPARE_AND_SWAP.replace("LOAD", "ld.volatile.global.u32");
      assertEquals(256, Ptx.run(strong, 4, 64, 1, seed)[0]);
    }
  }

  @Test
  void shouldAcceptWeakReadsOfAtomicsOnlyIfAllowed() {
    byte[] ptx = Ptx.kernel(".param .u64 out", COMPARE_AND_SWAP.replace("LOAD", "ld.global.u32"));
    for (long seed = 1; seed < 6; seed++) {
      EmulatedDriver driver = new EmulatedDriver(EmulatedDevice.SMALL, seed);
      driver.allowWeakReadsOfAtomics(true);
      long out = Ptx.upload(driver, "output", new int[4]);
      Ptx.launch(driver, ptx, 4, 64, 0, Ptx.argument(out));
      assertEquals(256, Ptx.download(driver, out, 1)[0]);
    }
  }

  /** A GPU may load 16 bytes in parts; and weak stores and narrow scopes remain races. */
  @Test
  void shouldNotAcceptOtherRacesWithAtomics() {
    String[] bodies = {
      COMPARE_AND_SWAP.replace("LOAD %r4", "ld.global.v4.u32 {%r4, %r10, %r11, %r12}"),
      COMPARE_AND_SWAP
          .replace("LOAD", "ld.global.u32")
          .replace("atom.global.cas", "atom.cta.global.cas"),
      COMPARE_AND_SWAP
          .replace("LOAD", "ld.global.u32")
          .replace("ret;", "st.global.u32 [%d0], %r0;\nret;"),
    };
    for (String body : bodies) {
      EmulatedDriver driver = new EmulatedDriver();
      driver.allowWeakReadsOfAtomics(true);
      long out = Ptx.upload(driver, "output", new int[4]);
      byte[] ptx = Ptx.kernel(".param .u64 out", body);
      EmulatorException e =
          assertThrows(
              EmulatorException.class, () -> Ptx.launch(driver, ptx, 4, 1, 0, Ptx.argument(out)));
      expect(e.getMessage(), "race: ");
    }
  }
}
