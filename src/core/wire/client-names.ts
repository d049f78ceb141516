// Codes of clients in peer ids: two letters in the form of BEP 20 (`-TR4000-`), and older forms by their first bytes.

/** How the four characters of a version are meant; each is one number, letters going on after 9. */
export type VersionStyle =
  /** 1.2.3.4, or 1.2.3 where the last is 0. */
  | 'four'
  /** 1.2.3; the fourth may be B for beta, Z or X for a development build. */
  | 'three'
  /** 1.23 in the second to fourth character, or in the first to third where the fourth is 0. */
  | 'two'
  /** 0.6 or 0.72 at first, then 1.11, since 4.0 as `three`. */
  | 'transmission'
  /** The version cannot be read. */
  | 'none';

export interface ClientCode {
  readonly name: string;
  readonly style: VersionStyle;
}

function client(name: string, style: VersionStyle = 'four'): ClientCode {
  return { name, style };
}

export const CLIENT_CODES: ReadonlyMap<string, ClientCode> = new Map([
  ['A~', client('Ares')],
  ['AD', client('Advanced Download Manager', 'none')],
  ['AG', client('Ares')],
  ['AN', client('Ares')],
  ['AR', client('Ares')],
  ['AT', client('Artemis')],
  ['AV', client('Avicora')],
  ['AX', client('BitPump', 'two')],
  ['AZ', client('Azureus')],
  ['BB', client('BitBuddy')],
  ['BC', client('BitComet', 'two')],
  ['BD', client('BD')],
  ['BE', client('BitTorrent SDK')],
  ['BI', client('BiglyBT')],
  ['BO', client('Bits on Wheels', 'none')],
  ['BL', client('BitLord', 'three')],
  ['BN', client('Baidu Netdisk', 'none')],
  ['BR', client('BitRocket')],
  ['BS', client('BTSlave')],
  ['BT', client('BitTorrent', 'three')],
  ['BW', client('BitTorrent Web', 'three')],
  ['CD', client('Enhanced CTorrent', 'two')],
  ['CT', client('CTorrent')],
  ['DE', client('Deluge', 'three')],
  ['EB', client('EBit')],
  ['FC', client('FileCroc')],
  ['FD', client('Free Download Manager', 'none')],
  ['FG', client('FlashGet', 'two')],
  ['FL', client('Folx', 'none')],
  ['FT', client('FoxTorrent')],
  ['FW', client('FrostWire', 'three')],
  ['GR', client('GetRight')],
  ['GT', client('go.torrent')],
  ['HL', client('Halite', 'three')],
  ['HN', client('Hydranode')],
  ['IL', client('iLivid')],
  ['KG', client('KGet')],
  ['KT', client('KTorrent')],
  ['LC', client('LeechCraft')],
  ['LH', client('LH-ABC')],
  ['LK', client('linkage', 'three')],
  ['LP', client('Lphant', 'two')],
  ['Lr', client('LibreTorrent')],
  ['LT', client('libtorrent (Rasterbar)', 'three')],
  ['lt', client('libTorrent (Rakshasa)', 'three')],
  ['LW', client('LimeWire', 'none')],
  ['MG', client('MediaGet')],
  ['MR', client('Miro')],
  ['MT', client('MoonlightTorrent')],
  ['NE', client('BT Next Evolution', 'three')],
  ['PC', client('CacheLogic')],
  ['PD', client('Pando')],
  ['PI', client('PicoTorrent', 'none')],
  ['qB', client('qBittorrent', 'three')],
  ['RS', client('Rufus')],
  ['SB', client('SwiftBit')],
  ['SD', client('Thunder')],
  ['SP', client('BitSpirit', 'three')],
  ['SS', client('SwarmScope')],
  ['ST', client('SymTorrent')],
  ['SW', client('Swarmpress', 'three')],
  ['SZ', client('Shareaza')],
  ['TB', client('Torch Browser', 'none')],
  ['TL', client('Tribler')],
  ['TN', client('Torrent .NET')],
  ['TR', client('Transmission', 'transmission')],
  ['TT', client('TuoTu', 'three')],
  ['UM', client('µTorrent Mac', 'three')],
  ['UT', client('µTorrent', 'three')],
  ['UW', client('µTorrent Web', 'three')],
  ['VG', client('Vagaa')],
  ['WS', client('HTTP Seed', 'none')],
  ['WW', client('WebTorrent')],
  ['WD', client('WebTorrent Desktop')],
  ['XF', client('Xfplay', 'three')],
  ['XL', client('Xunlei')],
  ['XT', client('XanTorrent')],
  ['XX', client('Xtorrent')],
  ['WY', client('FireTorrent')],
  ['YW', client('Yahoo Widgets')],
  ['YZ', client('FireTorrent')],
  ['ZT', client('ZipTorrent')],
]);

/** Names by the first bytes, for ids of no common form. */
export const CLIENT_PREFIXES: readonly (readonly [prefix: string, name: string])[] = [
  ['Azureus', 'Azureus'],
  ['-----Azureus', 'Azureus'],
  ['-G3', 'G3 Torrent'],
  ['-FL', 'Folx'],
  ['arclight', 'Hurricane Electric'],
  ['Pando', 'Pando'],
  ['BitLet', 'BitLet'],
  ['Mbrst', 'Burst!'],
  ['OP', 'Opera'],
  ['DNA', 'BitTorrent DNA'],
  ['BTM', 'BTuga Revolution'],
  ['AP', 'AllPeers'],
  ['Ext', 'External Webseed'],
  ['QVOD', 'QVOD'],
  ['TB', 'Top-BT'],
  ['TIX', 'Tixati'],
  ['FD6', 'Free Download Manager 6'],
  ['exbc\x008LORD', 'BitLord'],
  ['exbc', 'BitComet'],
  ['\x00\x02BS', 'BitSpirit'],
  ['\x00\x03BS', 'BitSpirit'],
  ['-FD', 'Free Download Manager'],
  ['-MG', 'MediaGet'],
  ['O1', 'Opera'],
  ['346-', 'TorrentTopia'],
];

/** Names by one letter, for ids as `S58B-----`. */
export const SHADOW_LETTERS: ReadonlyMap<string, string> = new Map([
  ['A', 'ABC'],
  ['O', 'Osprey Permaseed'],
  ['Q', 'BTQueue'],
  ['R', 'Tribler'],
  ['S', 'Shadow'],
  ['T', 'BitTornado'],
  ['U', 'UPnP NAT Bit Torrent'],
]);
