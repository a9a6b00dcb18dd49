package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Litmus tests of the weak memory model. Word 0 is x and word 16 is y, both initially 0; results
 * start at word 32.
 */
class StoreHistoryTest {

  private static final int SEEDS = 30;

  private static final String START =
      """

      .reg .pred %p<4>;
      .reg .b32 %r<16>;
      .reg .b64 %d<8>;
      ld.param.u64 %d0, [out];
      mov.u32 %r0, %ctaid.x;
      mov.u32 %r1, %tid.x;
      mov.u32 %r2, 1;
      setp.eq.u32 %p0, %r0, 1;
      @%p0 bra Second;
      """;

  /** Waits for y = 1 and then stores x as the result. */
  private static final String RECEIVE =
      """
      ret;
      Second:
      ld.acquire.gpu.global.u32 %r3, [%d0+64];
      setp.ne.u32 %p1, %r3, 1;
      @%p1 bra Second;
      ld.relaxed.gpu.global.u32 %r4, [%d0];
      st.global.u32 [%d0+128], %r4;
      ret;
      """;

  /** The results of a program under all seeds. */
  private static Set<Integer> results(
      boolean weak, int grid, int threads, String body, ToIntFunction<int[]> result) {
    return results(0, weak, grid, threads, body, result);
  }

  private static Set<Integer> results(
      long memorySeed,
      boolean weak,
      int grid,
      int threads,
      String body,
      ToIntFunction<int[]> result) {
    Set<Integer> results = new TreeSet<>();
    for (long seed = 1; seed <= SEEDS; seed++) {
      EmulatedDriver driver = new EmulatedDriver(EmulatedDevice.SMALL, seed);
      driver.memoryModel(new MemoryModel(weak, memorySeed));
      long out = Ptx.upload(driver, "output", new int[64]);
      byte[] kernel = Ptx.kernel(".param .u64 out", body);
      Ptx.launch(driver, kernel, grid, threads, 0, Ptx.argument(out));
      results.add(result.applyAsInt(Ptx.download(driver, out, 64)));
    }
    return results;
  }

  private static Set<Integer> received(boolean weak, String send) {
    return received(weak, send, RECEIVE);
  }

  private static Set<Integer> received(boolean weak, String send, String receive) {
    return results(weak, 2, 1, START + send + receive, words -> words[32]);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "st.relaxed.gpu.global.u32 [%d0+64], %r2;",
        "atom.relaxed.gpu.global.exch.b32 %r3, [%d0+64], %r2;",
        "fence.acq_rel.cta; st.relaxed.gpu.global.u32 [%d0+64], %r2;",
        "st.volatile.global.u32 [%d0+64], %r2;",
      })
  void shouldReorderStoresWithoutARelease(String flag) {
    String send = "st.relaxed.gpu.global.u32 [%d0], %r2; " + flag;
    assertEquals(Set.of(1), received(false, send));
    assertEquals(Set.of(0, 1), received(true, send));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "st.release.gpu.global.u32 [%d0+64], %r2;",
        "atom.release.gpu.global.exch.b32 %r3, [%d0+64], %r2;",
        "atom.acq_rel.gpu.global.add.u32 %r3, [%d0+64], %r2;",
        "red.release.gpu.global.add.u32 [%d0+64], %r2;",
        "fence.acq_rel.gpu; st.relaxed.gpu.global.u32 [%d0+64], %r2;",
        "membar.gl; atom.relaxed.gpu.global.exch.b32 %r3, [%d0+64], %r2;",
      })
  void shouldNotReorderStoresWithARelease(String flag) {
    for (String store : new String[] {"st.relaxed.gpu.global.u32", "st.global.u32"}) {
      String send = store + " [%d0], %r2; " + flag;
      String body = START + send + RECEIVE;
      if (store.startsWith("st.g")) body = body.replace("ld.relaxed.gpu", "ld");
      assertEquals(Set.of(1), results(true, 2, 1, body, words -> words[32]), send);
    }
  }

  /** The receiver reads the flag without an acquire. */
  @ParameterizedTest
  @ValueSource(strings = {"", "fence.acq_rel.cta;", "membar.cta;"})
  void shouldReorderLoadsWithoutAnAcquire(String fence) {
    String send = "st.relaxed.gpu.global.u32 [%d0], %r2; st.release.gpu.global.u32 [%d0+64], %r2;";
    assertEquals(Set.of(1), received(false, send, receiveWith(fence)));
    assertEquals(Set.of(0, 1), received(true, send, receiveWith(fence)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fence.acq_rel.gpu;",
        "fence.sc.sys;",
        "membar.gl;",
        "atom.acquire.gpu.global.or.b32 %r5, [%d0+64], 0;",
        "ld.acquire.gpu.global.u32 %r5, [%d0+64]; setp.ne.u32 %p1, %r5, 1; @%p1 bra Second;"
      })
  void shouldNotReorderLoadsWithAnAcquire(String acquire) {
    String send = "st.relaxed.gpu.global.u32 [%d0], %r2; st.release.gpu.global.u32 [%d0+64], %r2;";
    assertEquals(Set.of(1), received(true, send, receiveWith(acquire)));
  }

  private static String receiveWith(String acquire) {
    return RECEIVE
        .replace("ld.acquire", "ld.relaxed")
        .replace("ld.relaxed.gpu.global.u32 %r4", acquire + "\nld.relaxed.gpu.global.u32 %r4");
  }

  /** Two readers see two independent stores in different orders. */
  @ParameterizedTest
  @ValueSource(strings = {"", "fence.sc.gpu;"})
  void shouldShowStoresToSomeBlocksBeforeOthers(String fence) {
    String body =
        START
            + """
            setp.gt.u32 %%p0, %%r0, 2;
            @%%p0 bra Fourth;
            setp.eq.u32 %%p0, %%r0, 2;
            @%%p0 bra Third;
            st.relaxed.gpu.global.u32 [%%d0], %%r2;
            ret;
            Second:
            st.relaxed.gpu.global.u32 [%%d0+64], %%r2;
            ret;
            Third:
            ld.relaxed.gpu.global.u32 %%r3, [%%d0];
            %1$s
            ld.relaxed.gpu.global.u32 %%r4, [%%d0+64];
            st.global.v2.u32 [%%d0+128], {%%r3, %%r4};
            ret;
            Fourth:
            ld.relaxed.gpu.global.u32 %%r3, [%%d0+64];
            %1$s
            ld.relaxed.gpu.global.u32 %%r4, [%%d0];
            st.global.v2.u32 [%%d0+136], {%%r3, %%r4};
            ret;
            """
                .formatted(fence);
    ToIntFunction<int[]> seen = w -> w[32] << 3 | w[33] << 2 | w[34] << 1 | w[35];
    Set<Integer> weak = new TreeSet<>();
    for (int i = 0; i < 10; i++) weak.addAll(results(i + 1, true, 4, 1, body, seen));
    assertEquals(fence.isEmpty(), weak.contains(0b1010), weak + "");
  }

  @Test
  void shouldReleaseWhatOthersOfTheBlockStoredBeforeABarrier() {
    String send =
        """
        setp.ne.u32 %p1, %r1, 0;
        @%p1 st.global.u32 [%d0], %r2;
        bar.sync 0;
        @!%p1 st.release.gpu.global.u32 [%d0+64], %r2;
        """;
    String receive =
        RECEIVE
            .replace("ld.relaxed.gpu", "ld")
            .replace("st.global", "setp.eq.u32 %p2, %r1, 0;\n@%p2 st.global");
    assertEquals(Set.of(1), results(true, 2, 2, START + send + receive, words -> words[32]));
  }

  @Test
  void shouldReleaseWhatTheThreadHasSeenOfOtherBlocks() {
    String body =
        """

        .reg .pred %p<4>;
        .reg .b32 %r<16>;
        .reg .b64 %d<8>;
        ld.param.u64 %d0, [out];
        mov.u32 %r0, %ctaid.x;
        mov.u32 %r2, 1;
        setp.eq.u32 %p0, %r0, 1;
        @%p0 bra Second;
        setp.eq.u32 %p0, %r0, 2;
        @%p0 bra Third;
        st.relaxed.gpu.global.u32 [%d0], %r2;
        ret;
        Second:
        ld.relaxed.gpu.global.u32 %r3, [%d0];
        setp.ne.u32 %p1, %r3, 1;
        @%p1 bra Second;
        st.release.gpu.global.u32 [%d0+64], %r2;
        ret;
        Third:
        ld.acquire.gpu.global.u32 %r3, [%d0+64];
        setp.ne.u32 %p1, %r3, 1;
        @%p1 bra Third;
        ld.relaxed.gpu.global.u32 %r4, [%d0];
        st.global.u32 [%d0+128], %r4;
        ret;
        """;
    assertEquals(Set.of(1), results(true, 3, 1, body, words -> words[32]));
  }

  /** One word with tag and data needs no order; the two elements of a vector do. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldKeepA64BitWordTogether(boolean vector) {
    String body =
        START
            + """
            mov.b64 %d1, {%r2, %r2};
            st.relaxed.gpu.global.u64 [%d0], %d1;
            ret;
            Second:
            ld.relaxed.gpu.global.u64 %d2, [%d0];
            mov.b64 {%r3, %r4}, %d2;
            setp.ne.u32 %p1, %r4, 1;
            @%p1 bra Second;
            st.global.u32 [%d0+128], %r3;
            ret;
            """;
    if (vector) {
      body =
          body.replace("u64 [%d0], %d1", "v2.u64 [%d0], {%d1, %d1}")
              .replace("u64 %d2, [%d0]", "v2.u64 {%d3, %d2}, [%d0]")
              .replace("mov.b64 {%r3, %r4}, %d2;", "cvt.u32.u64 %r3, %d3; cvt.u32.u64 %r4, %d2;");
    }
    assertEquals(Set.of(1), results(false, 2, 1, body, words -> words[32]));
    assertEquals(vector ? Set.of(0, 1) : Set.of(1), results(true, 2, 1, body, w -> w[32]));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "fence.acq_rel.gpu;", "fence.sc.gpu;", "membar.gl;"})
  void shouldLetLoadsPassStores(String fence) {
    String body =
        START
            + """
            st.relaxed.gpu.global.u32 [%%d0], %%r2;
            %1$s
            ld.relaxed.gpu.global.u32 %%r3, [%%d0+64];
            st.global.u32 [%%d0+128], %%r3;
            ret;
            Second:
            st.relaxed.gpu.global.u32 [%%d0+64], %%r2;
            %1$s
            ld.relaxed.gpu.global.u32 %%r3, [%%d0];
            st.global.u32 [%%d0+192], %%r3;
            ret;
            """
                .formatted(fence);
    assertTrue(!results(false, 2, 1, body, w -> w[32] + w[48]).contains(0));
    boolean total = fence.contains("sc") || fence.startsWith("membar");
    assertEquals(!total, results(true, 2, 1, body, w -> w[32] + w[48]).contains(0));
  }

  @Test
  void shouldShowStoresToOneLocationInOrder() {
    String body =
        START
            + """
            First:
            st.relaxed.gpu.global.u32 [%d0], %r2;
            ld.relaxed.gpu.global.u32 %r3, [%d0];
            setp.ne.u32 %p1, %r3, %r2;
            @%p1 trap;
            add.u32 %r2, %r2, 1;
            setp.le.u32 %p1, %r2, 200;
            @%p1 bra First;
            ret;
            Second:
            mov.u32 %r5, 0;
            mov.u32 %r6, 0;
            Again:
            ld.relaxed.gpu.global.u32 %r3, [%d0];
            setp.lt.u32 %p1, %r3, %r5;
            @%p1 trap;
            setp.ne.u32 %p1, %r3, %r5;
            @%p1 add.u32 %r6, %r6, 1;
            mov.u32 %r5, %r3;
            setp.ne.u32 %p1, %r3, 200;
            @%p1 bra Again;
            st.global.u32 [%d0+128], %r6;
            ret;
            """;
    assertTrue(results(true, 2, 1, body, words -> words[32]).size() > 5);
    assertEquals(Set.of(200), results(true, 2, 1, body, words -> words[0]));
  }

  /** Another block sees both stores to a word, and its own stores of any width at once. */
  @Test
  void shouldCombineStoresOfDifferentWidths() {
    String send =
        """
        mov.u64 %d1, 0x1122334455667788;
        st.relaxed.gpu.global.u64 [%d0], %d1;
        mov.u32 %r4, 0x99;
        st.relaxed.gpu.global.u8 [%d0+1], %r4;
        st.release.gpu.global.u32 [%d0+64], %r2;
        """;
    assertEquals(Set.of(0x55669988), received(true, send));
  }

  @Test
  void shouldSeeOwnStoresOfAnyWidth() {
    String body =
        """

        .reg .b16 %h<4>;
        .reg .b32 %r<16>;
        .reg .b64 %d<8>;
        ld.param.u64 %d0, [out];
        mov.u64 %d1, 0x1122334455667788;
        st.relaxed.gpu.global.u64 [%d0], %d1;
        mov.u16 %h0, 0x99;
        st.global.u8 [%d0+1], %h0;
        mov.u32 %r1, 0xaabbccdd;
        st.relaxed.gpu.global.v2.u32 [%d0+8], {%r1, %r1};
        ld.global.v2.u64 {%d2, %d3}, [%d0];
        st.global.v2.u64 [%d0+128], {%d2, %d3};
        atom.relaxed.gpu.global.add.u32 %r2, [%d0+4], 1;
        st.global.u32 [%d0+144], %r2;
        ret;
        """;
    assertEquals(Set.of(0x55669988), results(true, 1, 1, body, words -> words[32]));
    assertEquals(Set.of(0x11223344), results(true, 1, 1, body, words -> words[33]));
    assertEquals(Set.of(0xaabbccdd), results(true, 1, 1, body, words -> words[35]));
    assertEquals(Set.of(0x11223344), results(true, 1, 1, body, words -> words[36]));
    assertEquals(Set.of(0x11223345), results(true, 1, 1, body, words -> words[1]));
  }
}
