/*
 * A SIMULATED libnvidia-ml.so.1: no part of it is NVIDIA's, and no GPU is behind it. The tests compile it and have the
 * agent load it, so that the calls into native code are real: symbols by name, structures by layout, status codes.
 * Names, signatures, layouts and codes are those that NVIDIA documents for nvml.h; the values are made up.
 * It needs no C library: gcc -shared -fPIC -ffreestanding -nostdlib.
 *
 *   GPU 0  a data centre GPU that answers everything, with two programs on it
 *   GPU 1  a desktop GPU that supports little, with nothing on it
 *   GPU 2  answers its name and UUID, then falls off the bus
 *   GPU 3  has no handle: lost before it could be asked
 *   GPU 4  its programs are not told, and one reading fails in an unknown way
 *
 *   -DOLD_DRIVER      a driver that has only the first version of each function
 *   -DDRIVER_535      the third version of the list of programs writes 32 bytes for each, as 535.43 to 535.86 did
 *   -DNO_DRIVER       the library is there and the driver is not
 *   -DHANGING         counting the GPUs never returns
 *   -DBUSY            more programs each time they are counted
 */
#include <stddef.h>
#include <stdint.h>

enum {
    SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, INSUFFICIENT_SIZE = 7, DRIVER_NOT_LOADED = 9,
    NO_PERMISSION = 4, GPU_IS_LOST = 15, ARGUMENT_VERSION_MISMATCH = 25, UNKNOWN = 999
};

typedef int nvmlReturn_t;
typedef struct device { unsigned index; } *nvmlDevice_t;
typedef struct { char busIdLegacy[16]; unsigned domain, bus, device, pciDeviceId, pciSubSystemId; char busId[32]; } nvmlPciInfo_t;
typedef struct { unsigned long long total, free, used; } nvmlMemory_t;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } nvmlMemory_v2_t;
typedef struct { unsigned gpu, memory; } nvmlUtilization_t;
typedef struct { unsigned pid; unsigned long long usedGpuMemory; } nvmlProcessInfo_v1_t;
typedef struct { unsigned pid; unsigned long long usedGpuMemory; unsigned gpuInstanceId, computeInstanceId; } nvmlProcessInfo_v2_t;
typedef struct {
    unsigned pid; unsigned long long usedGpuMemory; unsigned gpuInstanceId, computeInstanceId; unsigned long long usedGpuCcProtectedMemory;
} nvmlProcessInfo_535_t;

_Static_assert(sizeof(nvmlPciInfo_t) == 68, "nvmlPciInfo_t");
_Static_assert(sizeof(nvmlMemory_v2_t) == 40, "nvmlMemory_v2_t");
_Static_assert(sizeof(nvmlProcessInfo_v1_t) == 16, "nvmlProcessInfo_v1_t");
_Static_assert(sizeof(nvmlProcessInfo_v2_t) == 24, "nvmlProcessInfo_v2_t");
_Static_assert(sizeof(nvmlProcessInfo_535_t) == 32, "nvmlProcessInfo_535_t");

#ifdef HANGING
/* Of the C library that the process has loaded already. */
extern int pause(void);
#endif

#define GIB (1ull << 30)
#define MIB (1ull << 20)
#define COUNT 5

static struct device devices[COUNT] = {{0}, {1}, {2}, {3}, {4}};
static int initialized;

/* With -nostdlib the compiler may still ask for these. */
void *memset(void *to, int value, size_t count) { unsigned char *p = to; while (count--) *p++ = (unsigned char)value; return to; }
void *memcpy(void *to, const void *from, size_t count) { unsigned char *t = to; const unsigned char *f = from; while (count--) *t++ = *f++; return to; }

static nvmlReturn_t text(char *to, unsigned size, const char *from)
{
    unsigned i = 0;
    for (; from[i]; i++) {
        if (i + 1 >= size) return INSUFFICIENT_SIZE;
        to[i] = from[i];
    }
    to[i] = 0;
    return SUCCESS;
}

/* What a GPU answers to all that it is not asked below. */
static nvmlReturn_t common(nvmlDevice_t device)
{
    if (!initialized) return UNINITIALIZED;
    if (device < devices || device >= devices + COUNT) return INVALID_ARGUMENT;
    return device->index == 2 ? GPU_IS_LOST : device->index == 0 || device->index == 4 ? SUCCESS : NOT_SUPPORTED;
}

static nvmlReturn_t number(nvmlDevice_t device, unsigned value, unsigned *to)
{
    nvmlReturn_t status = common(device);
    if (status == SUCCESS) *to = value;
    return status;
}

static nvmlReturn_t start(void)
{
#ifdef NO_DRIVER
    return DRIVER_NOT_LOADED;
#else
    initialized = 1;
    return SUCCESS;
#endif
}

static nvmlReturn_t count_devices(unsigned *count)
{
#ifdef HANGING
    for (;;) pause();
#endif
    *count = COUNT;
    return initialized ? SUCCESS : UNINITIALIZED;
}

static nvmlReturn_t handle_of(unsigned index, nvmlDevice_t *device)
{
    if (index >= COUNT) return INVALID_ARGUMENT;
    if (index == 3) return GPU_IS_LOST;
    *device = &devices[index];
    return SUCCESS;
}

static nvmlReturn_t pci(nvmlDevice_t device, char *legacy, unsigned *domain)
{
    static const char *const ids[COUNT] = {"0000:17:00.0", "0000:65:00.0", "", "", "0000:CA:00.0"};
    if (device->index == 2) return GPU_IS_LOST;
    *domain = 0;
    return text(legacy, 16, ids[device->index]);
}

/* Two programs on GPU 0: the first is the process that asks when it has set the variable below. */
unsigned simulated_pid = 4242;
static unsigned long long used_of(unsigned i) { return i == 0 ? 4783 * MIB : ~0ull; }
static unsigned pid_of(unsigned i) { return i == 0 ? simulated_pid : 4000000 + i; }

static nvmlReturn_t programs(nvmlDevice_t device, unsigned *count, unsigned *have)
{
    *have = 0;
    if (device->index == 2) return GPU_IS_LOST;
    if (device->index == 4) return NOT_SUPPORTED;
    if (device->index == 0) *have = 2;
#ifdef BUSY
    static unsigned more = 2;
    if (device->index == 0) *have = more += 20;
#endif
    unsigned room = *count;
    *count = *have;
    return room < *have ? INSUFFICIENT_SIZE : SUCCESS;
}

nvmlReturn_t nvmlInit(void) { return start(); }
nvmlReturn_t nvmlShutdown(void) { initialized = 0; return SUCCESS; }
nvmlReturn_t nvmlDeviceGetCount(unsigned *count) { return count_devices(count); }
nvmlReturn_t nvmlDeviceGetHandleByIndex(unsigned index, nvmlDevice_t *device) { return handle_of(index, device); }

/* The first layout of nvmlPciInfo_t ends before busId. */
nvmlReturn_t nvmlDeviceGetPciInfo(nvmlDevice_t device, nvmlPciInfo_t *info) { return pci(device, info->busIdLegacy, &info->domain); }

nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory)
{
    if (device->index == 2) return GPU_IS_LOST;
    memory->total = 80 * GIB;
    memory->free = 75 * GIB;
    memory->used = 5 * GIB;
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetComputeRunningProcesses(nvmlDevice_t device, unsigned *count, nvmlProcessInfo_v1_t *infos)
{
    unsigned have;
    nvmlReturn_t status = programs(device, count, &have);
    for (unsigned i = 0; status == SUCCESS && i < have; i++) {
        infos[i].pid = pid_of(i);
        infos[i].usedGpuMemory = used_of(i);
    }
    return status;
}

#ifndef OLD_DRIVER
nvmlReturn_t nvmlInit_v2(void) { return start(); }
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *count) { return count_devices(count); }
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *device) { return handle_of(index, device); }

nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t *info)
{
    nvmlReturn_t status = pci(device, info->busIdLegacy, &info->domain);
    if (status != SUCCESS) return status;
    for (int i = 0; i < 4; i++) info->busId[i] = '0';
    return text(info->busId + 4, 28, info->busIdLegacy);
}

nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *memory)
{
    if (memory->version != (sizeof(nvmlMemory_v2_t) | (2u << 24))) return ARGUMENT_VERSION_MISMATCH;
    if (device->index == 2) return GPU_IS_LOST;
    memory->total = 80 * GIB;
    memory->reserved = 1 * GIB;
    memory->free = 75 * GIB;
    memory->used = 4 * GIB;
    return SUCCESS;
}

#ifdef DRIVER_535
typedef nvmlProcessInfo_535_t newest_t;
#else
typedef nvmlProcessInfo_v2_t newest_t;
#endif
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device, unsigned *count, newest_t *infos)
{
    unsigned have;
    nvmlReturn_t status = programs(device, count, &have);
    for (unsigned i = 0; status == SUCCESS && i < have; i++) {
        infos[i].pid = pid_of(i);
        infos[i].usedGpuMemory = used_of(i);
        infos[i].gpuInstanceId = infos[i].computeInstanceId = 0xFFFFFFFF;
#ifdef DRIVER_535
        infos[i].usedGpuCcProtectedMemory = 0;
#endif
    }
    return status;
}

nvmlReturn_t nvmlSystemGetProcessName(unsigned pid, char *name, unsigned length)
{
    return pid == simulated_pid ? text(name, length, "/usr/bin/python3") : NO_PERMISSION;
}
#endif

const char *nvmlErrorString(nvmlReturn_t status)
{
    return status == GPU_IS_LOST ? "GPU is lost" : status == DRIVER_NOT_LOADED ? "Driver Not Loaded" : "Unknown Error";
}

nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned length)
{
    static const char *const names[COUNT] = {"NVIDIA A100-SXM4-80GB", "NVIDIA GeForce GTX 1080", "NVIDIA L4", "", "NVIDIA L4"};
    return text(name, length, names[device->index]);
}

nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned length)
{
    static char id[] = "GPU-00000000-0000-4000-8000-00000000000x";
    id[sizeof id - 2] = (char)('0' + device->index);
    return text(uuid, length, id);
}

nvmlReturn_t nvmlDeviceGetSerial(nvmlDevice_t device, char *serial, unsigned length)
{
    nvmlReturn_t status = common(device);
    return status == SUCCESS ? text(serial, length, "1320000000001") : status;
}

nvmlReturn_t nvmlDeviceGetMinorNumber(nvmlDevice_t device, unsigned *minor) { *minor = device->index; return device->index == 2 ? GPU_IS_LOST : SUCCESS; }
nvmlReturn_t nvmlDeviceGetBrand(nvmlDevice_t device, unsigned *brand) { *brand = device->index == 1 ? 5 : 14; return device->index == 2 ? GPU_IS_LOST : SUCCESS; }
nvmlReturn_t nvmlDeviceGetPerformanceState(nvmlDevice_t device, unsigned *state) { return number(device, device->index == 4 ? 32 : 0, state); }
nvmlReturn_t nvmlDeviceGetPowerState(nvmlDevice_t device, unsigned *state) { return nvmlDeviceGetPerformanceState(device, state); }
nvmlReturn_t nvmlDeviceGetComputeMode(nvmlDevice_t device, unsigned *mode) { return number(device, device->index == 4 ? 3 : 0, mode); }
nvmlReturn_t nvmlDeviceGetPowerManagementMode(nvmlDevice_t device, unsigned *mode) { return number(device, 1, mode); }
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned *power) { return device->index == 4 ? UNKNOWN : number(device, 87459, power); }
nvmlReturn_t nvmlDeviceGetPowerManagementLimit(nvmlDevice_t device, unsigned *limit) { return number(device, 400000, limit); }
nvmlReturn_t nvmlDeviceGetPowerManagementDefaultLimit(nvmlDevice_t device, unsigned *limit) { return number(device, 400000, limit); }

nvmlReturn_t nvmlDeviceGetPowerManagementLimitConstraints(nvmlDevice_t device, unsigned *least, unsigned *most)
{
    nvmlReturn_t status = number(device, 100000, least);
    return status == SUCCESS ? number(device, 400000, most) : status;
}

nvmlReturn_t nvmlDeviceGetEccMode(nvmlDevice_t device, unsigned *current, unsigned *pending)
{
    nvmlReturn_t status = number(device, 1, current);
    return status == SUCCESS ? number(device, 0, pending) : status;
}

nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *rates)
{
    nvmlReturn_t status = number(device, 87, &rates->gpu);
    return status == SUCCESS ? number(device, 41, &rates->memory) : status;
}

nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, unsigned sensor, unsigned *value)
{
    return sensor == 0 ? number(device, 45, value) : INVALID_ARGUMENT;
}

nvmlReturn_t nvmlDeviceGetTemperatureThreshold(nvmlDevice_t device, unsigned threshold, unsigned *value)
{
    return threshold > 1 ? INVALID_ARGUMENT : number(device, threshold == 0 ? 92 : 89, value);
}

/* Clock types: 0 graphics, 1 SM, 2 memory, 3 video. */
nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, unsigned type, unsigned *clock) { return number(device, type == 2 ? 1593 : 1, clock); }
nvmlReturn_t nvmlDeviceGetApplicationsClock(nvmlDevice_t device, unsigned type, unsigned *clock) { return number(device, type == 2 ? 1512 : 1, clock); }
nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, unsigned type, unsigned *clock) { return number(device, type == 1 ? 1410 : 1, clock); }
