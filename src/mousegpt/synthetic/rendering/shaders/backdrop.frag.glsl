#version 330
// What a camera sees without the mouse, ray by ray, through its lens.
#include "noise.glsl"
#include "lights.glsl"
#include "surroundings.glsl"
#include "floor.glsl"
#include "arena.glsl"
uniform sampler2D lens;      // ideal coordinates of every pixel
uniform mat3 rotation;       // camera to world
uniform vec3 eye;
uniform float glass, smudges, table_half;
uniform bool opaque, round_table;
uniform vec3 wall_color;
uniform int n_samples;       // per pixel and axis
layout(location = 0) out vec4 behind;   // colour behind the mouse; share of the floor's mirror image
layout(location = 1) out vec4 before;   // light added before the mouse; share that passes

float reflect_share(float cosine) { return 0.03 + 0.97 * pow(1.0 - clamp(cosine, 0.0, 1.0), 5.0); }

float find_smudge(vec3 place, float layer) {
    float patchy = smoothstep(0.45, 0.75, fbm(place * 0.25 + seed * 5.0 + layer));
    float smear = smoothstep(0.55, 0.8, noise(vec3(place.xy * 1.2, place.z * 0.35) + seed + layer));
    return smudges * (0.05 * patchy + 0.04 * patchy * smear);
}

vec3 light_wall(vec3 place, vec3 normal) {
    float low = 0.45 + 0.55 * smoothstep(0.0, 8.0, place.z);
    return wall_color * (0.9 + 0.2 * fbm(place * 0.4 + seed)) * (sky * 0.75 * low
        + 0.6 * (max(dot(normal, key), 0.0) * key_color + max(dot(normal, fill), 0.0) * fill_color)
        + bounce * 0.3);
}

vec3 see_floor(vec3 place) {
    float inside = measure_inside(place.xy);
    vec3 color = inside > 0.0 ? paint_floor(place, min(half_size.x, half_size.y))
                              : table_color * (0.85 + 0.3 * fbm(place * 0.5 + seed));
    float corner = opaque ? 0.35 * smoothstep(4.0, 0.0, abs(inside)) : 0.30 * smoothstep(0.6, 0.0, abs(inside + 0.3));
    return color * light_floor() * (1.0 - corner);
}

vec3 see_below(vec3 from, vec3 d) {  // the floor of the room, far below the table
    vec3 place = from + d * ((-80.0 - from.z) / d.z);
    float speckle = 0.8 + 0.3 * fbm(place * 0.08 + seed) + 0.25 * (noise(place * 0.9) - 0.5) * (1.0 - room_blur);
    vec3 color = room_wall * 0.9 * speckle;
    return draw_cameras(mix(color, see_room(d), smoothstep(100.0, 420.0, length(place.xy))), d, from);
}

vec3 see_surroundings(vec3 from, vec3 d) {  // room, table and its edge; not the floor of the arena
    if (d.z > -1e-4) return draw_cameras(see_room(d), d, from);
    float down = -from.z / d.z;
    vec3 place = from + d * down;
    float off = round_table ? length(place.xy) : max(abs(place.x), abs(place.y));
    if (off < table_half) return see_floor(place);
    vec3 edge = from + d * ((-2.5 - from.z) / d.z);  // the table is 2.5 cm thick
    float edge_off = round_table ? length(edge.xy) : max(abs(edge.x), abs(edge.y));
    if (edge_off < table_half) return table_color * 0.5 * (sky + 0.3 * key_color);
    return see_below(from, d);
}

vec3 mirror(vec3 place, vec3 d, vec3 normal) {  // what glass reflects
    vec3 r = reflect(d, normal);
    vec3 inside = place + r * (-place.z / min(r.z, -1e-4));
    bool floor_seen = r.z < 0.0 && measure_inside(inside.xy) > 0.0;
    return floor_seen ? floor_color * light_floor() : see_room(r);
}

void see(vec3 d, out vec4 back, out vec4 front) {
    vec2 hit = cross_arena(eye, d);
    vec3 near = eye + d * hit.x, far = eye + d * hit.y, down = eye + d * (-eye.z / d.z);
    bool on_floor = d.z < 0.0 && measure_inside(down.xy) > 0.0;
    bool at_far = hit.x < hit.y && hit.y > 0.0 && far.z > 0.0 && far.z < wall_height;
    bool at_near = hit.x < hit.y && hit.x > 0.0 && near.z > 0.0 && near.z < wall_height;
    vec3 color = see_surroundings(eye, d);
    float mirrored = 0.0;
    if (on_floor && !bedding) {
        mirrored = reflect_share(abs(d.z)) * floor_reflectivity;
        vec3 r = reflect(d, vec3(0.0, 0.0, 1.0));
        color += mirrored * (opaque ? light_wall(down, -find_wall_normal(down)) : see_room(r));
    }
    if (at_far) {
        vec3 inward = -find_wall_normal(far);
        float rim = smoothstep(0.35, 0.12, abs(wall_height - far.z));
        if (opaque) color = light_wall(far, inward) * (1.0 + 0.5 * rim);
        else {
            float share = min(reflect_share(abs(dot(inward, d))) * glass, 1.0);
            color = mix(color * (1.0 - 0.05 * glass), mirror(far, d, inward), share);
            color += (find_smudge(far, 1.0) + 0.30 * rim * glass) * sky;
            color += 0.25 * glass * sky * smoothstep(0.25, 0.1, far.z);
        }
    }
    front = vec4(0.0, 0.0, 0.0, 1.0);
    if (at_near) {
        vec3 outward = find_wall_normal(near);
        float rim = smoothstep(0.35, 0.12, abs(wall_height - near.z)) + 0.6 * smoothstep(0.25, 0.1, near.z);
        if (opaque) front = vec4(light_wall(near, outward) * (1.0 + 0.5 * rim), 0.0);
        else {
            float share = min(reflect_share(abs(dot(outward, d))) * glass, 1.0), smudge = find_smudge(near, 7.0);
            float azimuth = atan(near.y, near.x);  // streaks of lamps on round glass
            float streak = round_arena ? pow(max(cos(azimuth - 6.2832 * draw_number(3.0, 9.0)), 0.0), 6000.0)
                + 0.6 * pow(max(cos(azimuth - 6.2832 * draw_number(4.0, 9.0)), 0.0), 15000.0) : 0.0;
            vec3 added = mirror(near, d, outward) * share + (smudge + 0.3 * rim * glass) * sky + 0.035 * streak * glass * key_color;
            front = vec4(added, 1.0 - share - 0.04 * glass - 0.3 * smudge);
        }
    }
    back = vec4(color, on_floor ? 0.001 + mirrored : 0.0);
}

void main() {
    vec2 ideal = texelFetch(lens, ivec2(gl_FragCoord.xy), 0).xy;
    vec2 right = dFdx(ideal), below = dFdy(ideal);
    behind = vec4(0.0);
    before = vec4(0.0);
    for (int k = 0; k < n_samples * n_samples; k++) {
        vec2 off = (vec2(k % n_samples, k / n_samples) + 0.5) / float(n_samples) - 0.5;
        vec4 back, front;
        see(normalize(rotation * vec3(ideal + off.x * right + off.y * below, 1.0)), back, front);
        behind += back;
        before += front;
    }
    behind /= float(n_samples * n_samples);
    before /= float(n_samples * n_samples);
}
