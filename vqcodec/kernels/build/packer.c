/* Calls kernels of a native object: packs the arguments into slots of 8 bytes, and makes Python's values of the results.

   Entry(address, arguments, result, slots, name): one compiled variant. The types are nested tuples:
     ("S", kind, size, class)      a number: kind i, u, f or b; class is NumPy's, and Python's own fits where there is one
     ("A", dtype, ndim, writable)  an array in C order
     ("R", dtype)                  a record
     ("T", class, (types))         a tuple of exactly that class
     ("N",)                        nothing
   Caller: a callable with the attribute `variants`, a tuple of entries. It calls the first that fits the arguments, or
   its method `otherwise` if none does.

   Only what fits exactly is packed: what numba would compile another variant for is left to `otherwise`. */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <Python.h>
#include <structmember.h>
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
#include <stdint.h>
#include <string.h>

enum { FEW_SLOTS = 256 };
enum fit { FITS, DIFFERS, FAILED };

typedef struct node {
    char kind;      /* S, A, R, T or N */
    char number;    /* of a number: i, u, f or b */
    int size;       /* of a number: bytes */
    int ndim;
    int writable;
    PyObject *type; /* class of a number or tuple, dtype of an array or record */
    PyObject *last; /* the dtype object that was last found to be equal to `type` */
    Py_ssize_t count;
    struct node *parts;
} node;

typedef int32_t (*kernel_function)(int64_t *);

typedef struct {
    PyObject_HEAD
    node arguments, result;
    Py_ssize_t slots;
    kernel_function call;
    PyObject *name;
} Entry;

typedef struct {
    PyObject_HEAD
    PyObject *variants;
} Caller;

static PyTypeObject *entry_type;

static void clear_node(node *n) {
    for (Py_ssize_t i = 0; n->parts && i < n->count; i++) clear_node(&n->parts[i]);
    PyMem_Free(n->parts);
    Py_XDECREF(n->type);
    Py_XDECREF(n->last);
}

static int build_node(node *n, PyObject *text) {
    PyObject *letter = PyTuple_GetItem(text, 0), *parts;
    const char *kind = letter ? PyUnicode_AsUTF8AndSize(letter, NULL) : NULL, *number;
    if (!kind) return -1;
    n->kind = kind[0];
    switch (n->kind) {
    case 'S':
        if (!PyArg_ParseTuple(text, "OsiO", &letter, &number, &n->size, &n->type)) return -1;
        n->number = number[0];
        Py_INCREF(n->type);
        return 0;
    case 'A':
        if (!PyArg_ParseTuple(text, "OOii", &letter, &n->type, &n->ndim, &n->writable)) return -1;
        Py_INCREF(n->type);
        break;
    case 'R':
        if (!PyArg_ParseTuple(text, "OO", &letter, &n->type)) return -1;
        Py_INCREF(n->type);
        break;
    case 'T':
        if (!PyArg_ParseTuple(text, "OOO!", &letter, &n->type, &PyTuple_Type, &parts)) return -1;
        Py_INCREF(n->type);
        n->count = PyTuple_Size(parts);
        n->parts = PyMem_Calloc((size_t)n->count + 1, sizeof(node));
        if (!n->parts) { PyErr_NoMemory(); return -1; }
        for (Py_ssize_t i = 0; i < n->count; i++)
            if (build_node(&n->parts[i], PyTuple_GetItem(parts, i))) return -1;
        return 0;
    case 'N':
        return 0;
    default:
        PyErr_SetString(PyExc_ValueError, "unknown kind of type");
        return -1;
    }
    if (!PyObject_TypeCheck(n->type, &PyArrayDescr_Type)) { PyErr_SetString(PyExc_TypeError, "dtype expected"); return -1; }
    return 0;
}

static Py_ssize_t argument_slots(const node *n) {
    Py_ssize_t total = n->kind == 'T' ? 0 : n->kind == 'A' ? 1 + n->ndim : n->kind == 'N' ? 0 : 1;
    for (Py_ssize_t i = 0; i < n->count; i++) total += argument_slots(&n->parts[i]);
    return total;
}

/* Types of equal layout and names are other objects where they were made anew; those of equal ones are remembered. */
static int same_dtype(node *n, PyArray_Descr *given) {
    PyObject *object = (PyObject *)given;
    if (object == n->type || object == n->last) return 1;
    if (!PyArray_EquivTypes(given, (PyArray_Descr *)n->type)) return 0;
    Py_INCREF(object);
    PyObject *before = n->last;
    n->last = object;
    Py_XDECREF(before);
    return 1;
}

static enum fit pack_number(const node *n, PyObject *value, int64_t *slot) {
    union { int8_t i8; int16_t i16; int32_t i32; int64_t i64; uint8_t u8; uint16_t u16; uint32_t u32; uint64_t u64; float f32; double f64; } data;
    double real;
    if (n->number == 'i' && n->size == 8 && PyLong_CheckExact(value)) {
        int overflow;
        *slot = PyLong_AsLongLongAndOverflow(value, &overflow);
        return overflow ? DIFFERS : FITS;
    }
    if (n->number == 'f' && n->size == 8 && PyFloat_CheckExact(value)) {
        real = PyFloat_AsDouble(value);
        memcpy(slot, &real, 8);
        return FITS;
    }
    if (n->number == 'b' && (value == Py_True || value == Py_False)) {
        *slot = value == Py_True;
        return FITS;
    }
    if ((PyObject *)Py_TYPE(value) != n->type) return DIFFERS;
    data.u64 = 0;
    PyArray_ScalarAsCtype(value, &data);
    switch (n->number) {
    case 'b':
        *slot = data.u8 != 0;
        return FITS;
    case 'i':
        *slot = n->size == 8 ? data.i64 : n->size == 4 ? data.i32 : n->size == 2 ? data.i16 : data.i8;
        return FITS;
    case 'u':
        *slot = n->size == 8 ? (int64_t)data.u64 : n->size == 4 ? data.u32 : n->size == 2 ? data.u16 : data.u8;
        return FITS;
    default:
        real = n->size == 8 ? data.f64 : data.f32;
        memcpy(slot, &real, 8);
        return FITS;
    }
}

static enum fit pack(node *n, PyObject *value, int64_t **slot) {
    switch (n->kind) {
    case 'A': {
        if ((PyTypeObject *)Py_TYPE(value) != &PyArray_Type) return DIFFERS;
        PyArrayObject *array = (PyArrayObject *)value;
        int needed = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED | (n->writable ? NPY_ARRAY_WRITEABLE : 0);
        if (PyArray_NDIM(array) != n->ndim || (PyArray_FLAGS(array) & needed) != needed) return DIFFERS;
        if (!same_dtype(n, PyArray_DESCR(array))) return DIFFERS;
        *(*slot)++ = (intptr_t)PyArray_DATA(array);
        for (int i = 0; i < n->ndim; i++) *(*slot)++ = PyArray_DIMS(array)[i];
        return FITS;
    }
    case 'T':
        if ((PyObject *)Py_TYPE(value) != n->type || PyTuple_Size(value) != n->count) return DIFFERS;
        for (Py_ssize_t i = 0; i < n->count; i++) {
            enum fit fit = pack(&n->parts[i], PyTuple_GetItem(value, i), slot);
            if (fit != FITS) return fit;
        }
        return FITS;
    case 'R': {
        if (!PyArray_IsScalar(value, Void)) return DIFFERS;
        PyVoidScalarObject *record = (PyVoidScalarObject *)value;
        if (!same_dtype(n, (PyArray_Descr *)record->descr)) return DIFFERS;
        *(*slot)++ = (intptr_t)record->obval;
        return FITS;
    }
    case 'N':
        return value == Py_None ? FITS : DIFFERS;
    default:
        return pack_number(n, value, (*slot)++);
    }
}

static PyObject *unpack(const node *n, const int64_t **slot) {
    double real;
    switch (n->kind) {
    case 'N':
        Py_RETURN_NONE;
    case 'T': {
        PyObject *tuple = PyTuple_New(n->count);
        for (Py_ssize_t i = 0; tuple && i < n->count; i++) {
            PyObject *part = unpack(&n->parts[i], slot);
            if (!part || PyTuple_SetItem(tuple, i, part)) { Py_DECREF(tuple); return NULL; }
        }
        return tuple;
    }
    default:
        if (n->number == 'f') { memcpy(&real, (*slot)++, 8); return PyFloat_FromDouble(real); }
        if (n->number == 'b') return PyBool_FromLong(*(*slot)++ != 0);
        if (n->number == 'u') return PyLong_FromUnsignedLongLong((unsigned long long)*(*slot)++);
        return PyLong_FromLongLong(*(*slot)++);
    }
}

/* Calls the kernel if it takes the arguments; *result is then what it returns, or NULL with an error set. */
static enum fit call_entry(Entry *entry, PyObject *args, PyObject **result) {
    int64_t few[FEW_SLOTS], *slots = few;
    *result = NULL;
    if (PyTuple_Size(args) != entry->arguments.count) return DIFFERS;
    if (entry->slots > FEW_SLOTS) {
        slots = PyMem_Malloc((size_t)entry->slots * sizeof(int64_t));
        if (!slots) { PyErr_NoMemory(); return FAILED; }
    }
    int64_t *end = slots;
    enum fit fit = FITS;
    for (Py_ssize_t i = 0; fit == FITS && i < entry->arguments.count; i++)
        fit = pack(&entry->arguments.parts[i], PyTuple_GetItem(args, i), &end);
    if (fit == FITS) {
        int32_t status;
        Py_BEGIN_ALLOW_THREADS
        status = entry->call(slots);
        Py_END_ALLOW_THREADS
        if (status) {
            PyErr_Format(status == 2 ? PyExc_MemoryError : status == 3 ? PyExc_IndexError : PyExc_RuntimeError,
                         status == 2 ? "%U: no memory" : status == 3 ? "%U: an index is out of bounds" : "%U failed", entry->name);
            fit = FAILED;
        } else {
            const int64_t *at = slots;
            *result = unpack(&entry->result, &at);
            if (!*result) fit = FAILED;
        }
    }
    if (slots != few) PyMem_Free(slots);
    return fit;
}

static PyObject *entry_new(PyTypeObject *type, PyObject *args, PyObject *kw) {
    unsigned long long address;
    Py_ssize_t slots;
    PyObject *arguments, *result, *name;
    if (!PyArg_ParseTuple(args, "KO!O!nU", &address, &PyTuple_Type, &arguments, &PyTuple_Type, &result, &slots, &name)) return NULL;
    Entry *self = (Entry *)PyType_GenericAlloc(type, 0);
    if (!self) return NULL;
    self->call = (kernel_function)(uintptr_t)address;
    Py_INCREF(name);
    self->name = name;
    PyObject *whole = Py_BuildValue("(sOO)", "T", (PyObject *)&PyTuple_Type, arguments);
    int failed = !whole || build_node(&self->arguments, whole) || build_node(&self->result, result);
    Py_XDECREF(whole);
    if (!failed) {
        Py_ssize_t needed = argument_slots(&self->arguments);
        if (needed > slots) { PyErr_SetString(PyExc_ValueError, "too few slots"); failed = 1; }
        self->slots = slots;
    }
    if (failed) { Py_DECREF(self); return NULL; }
    return (PyObject *)self;
}

static void entry_dealloc(PyObject *object) {
    Entry *self = (Entry *)object;
    PyTypeObject *type = Py_TYPE(object);
    clear_node(&self->arguments);
    clear_node(&self->result);
    Py_XDECREF(self->name);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

static PyObject *caller_call(PyObject *object, PyObject *args, PyObject *kw) {
    PyObject *variants = ((Caller *)object)->variants, *result;
    if (variants && (!kw || !PyDict_Size(kw))) {
        Py_INCREF(variants);
        Py_ssize_t count = PyTuple_Size(variants);
        for (Py_ssize_t i = 0; i < count; i++) {
            enum fit fit = call_entry((Entry *)PyTuple_GetItem(variants, i), args, &result);
            if (fit != DIFFERS) { Py_DECREF(variants); return result; }
        }
        Py_DECREF(variants);
    }
    PyObject *otherwise = PyObject_GetAttrString(object, "otherwise");
    if (!otherwise) return NULL;
    result = PyObject_Call(otherwise, args, kw);
    Py_DECREF(otherwise);
    return result;
}

static PyObject *caller_get(PyObject *object, void *unused) {
    PyObject *variants = ((Caller *)object)->variants;
    if (!variants) return PyTuple_New(0);
    Py_INCREF(variants);
    return variants;
}

static int caller_set(PyObject *object, PyObject *variants, void *unused) {
    if (!variants || !PyTuple_Check(variants)) { PyErr_SetString(PyExc_TypeError, "variants is a tuple"); return -1; }
    for (Py_ssize_t i = 0; i < PyTuple_Size(variants); i++)
        if (Py_TYPE(PyTuple_GetItem(variants, i)) != entry_type) { PyErr_SetString(PyExc_TypeError, "variants are entries"); return -1; }
    PyObject *before = ((Caller *)object)->variants;
    Py_INCREF(variants);
    ((Caller *)object)->variants = variants;
    Py_XDECREF(before);
    return 0;
}

static void caller_dealloc(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    Py_XDECREF(((Caller *)object)->variants);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

static PyGetSetDef caller_attributes[] = {{"variants", caller_get, caller_set, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot entry_slots[] = {{Py_tp_new, entry_new}, {Py_tp_dealloc, entry_dealloc}, {0, NULL}};
static PyType_Slot caller_slots[] = {{Py_tp_call, caller_call}, {Py_tp_getset, caller_attributes}, {Py_tp_dealloc, caller_dealloc}, {0, NULL}};
static PyType_Spec entry_spec = {"vqcodec.kernels.objects._packer.Entry", sizeof(Entry), 0, Py_TPFLAGS_DEFAULT, entry_slots};
static PyType_Spec caller_spec = {"vqcodec.kernels.objects._packer.Caller", sizeof(Caller), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, caller_slots};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_packer", "Calls kernels of native objects.", -1, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__packer(void) {
    import_array();
    PyObject *made = PyModule_Create(&module), *entry = PyType_FromSpec(&entry_spec), *caller = PyType_FromSpec(&caller_spec);
    if (!made || !entry || !caller || PyModule_AddObjectRef(made, "Entry", entry) || PyModule_AddObjectRef(made, "Caller", caller)) {
        Py_XDECREF(made); Py_XDECREF(entry); Py_XDECREF(caller);
        return NULL;
    }
    entry_type = (PyTypeObject *)entry;
    Py_DECREF(caller);
    return made;
}
