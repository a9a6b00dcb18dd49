/**
 * A PTX emulator for tests. It runs the committed kernels without a GPU, under many schedules, and
 * reports what a GPU would silently accept: data races, reads of uninitialized memory, accesses out
 * of bounds, divergent barriers, deadlocks and leaks. It also counts instructions and bytes
 * exactly.
 *
 * <p>It runs the library's kernels, and simple kernels that users wrote and compiled with nvcc at
 * any optimization level. It is not a performance model, and not a complete PTX interpreter. It
 * depends on {@code CudaDriver} and the library's errors only.
 *
 * <pre>
 * text       PtxLexer, PtxReader, PtxParser -> ParsedModule, Statement, Operand
 * binding    KernelBuilder, Body, Calls, Operands -> Kernel: assigns registers and variables to
 *            slots, and inlines calls
 * table      Instructions, *Instructions: the effect of each instruction on the lanes of a warp
 * execution  Grid (blocks, schedule) -> Block (barriers) -> Warp (divergence)
 * memory     GlobalMemory, Allocation, Page; Access resolves and checks addresses; StoreHistory
 *            holds the values that a MemoryModel may return late
 * races      RaceDetector, Knowledge, Messages: happens-before between threads, by vector clocks
 * driver     EmulatedDriver, EmulatorControls, EmulatedDevice, DriverErrors; Launcher, Contexts,
 *            Heap, Modules, Events
 * commands   CommandExecutor runs them and writes LaunchReports, either at once or, if Captures
 *            recorded them, when a CapturedGraph is replayed
 * </pre>
 *
 * <p>Results that may differ from a GPU's:
 *
 * <ul>
 *   <li>{@code add}, {@code sub} and {@code mul} without a rounding modifier are taken as {@code
 *       .rn}. A GPU's assembler may contract a mul and an add into a fused multiply-add. nvcc's
 *       option {@code -fmad=false} prevents that.
 *   <li>{@code .approx} functions are rounded from binary64; a GPU's are less accurate, and differ
 *       between architectures.
 *   <li>Floating-point atomics are added in the order of the schedule. It follows from the seed, so
 *       it is the same in every run; a GPU's order is not.
 * </ul>
 *
 * <p>Not modeled: events and graph launches in captures, textures and surfaces, recursion and calls
 * through pointers, functions of the device runtime such as {@code printf}, thread block clusters,
 * tensor cores, bulk copies and their barriers, binary64 arithmetic with directed rounding, and
 * {@code .approx} functions of halves. A module loads whatever its kernels use. An error that names
 * the kernel, the line and the instruction occurs when such a kernel is looked up, or, for calls of
 * the device runtime, when a thread makes one.
 *
 * <p>Streams do not overlap. Memory is weakly consistent unless a test asks for another
 * MemoryModel; StoreHistory says which behavior of the PTX memory model that covers. For weak
 * accesses the race detector covers the rest.
 */
package io.github.lamb4j.emulator;
